import { caption, DEFAULT_CAPTION } from '../../../lambdas/relay/domain/caption.ts';
import type { ObjectFacts } from '../../../lambdas/relay/domain/object-facts.ts';
import { fileName } from '../../../lambdas/relay/domain/object-name.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';

/** The caption that the function would send. */
export const captionOf = async (route: Route, { object }: ObjectFacts): Promise<string> =>
  caption(route.caption ?? DEFAULT_CAPTION, object, fileName(object.key));
