import { caption, DEFAULT_CAPTION } from '../../../lambdas/relay/domain/caption.ts';
import { readValues, templatesOf } from '../../../lambdas/relay/domain/caption-values.ts';
import type { ObjectFacts } from '../../../lambdas/relay/domain/object-facts.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';

/** The caption that the function would send. The region of links to the S3 console is not known here. */
export const captionOf = async (route: Route, facts: ObjectFacts): Promise<string> =>
  caption(route.caption ?? DEFAULT_CAPTION, await readValues(templatesOf(route), facts, undefined));
