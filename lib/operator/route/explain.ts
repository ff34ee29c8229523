import { suspectLoop } from '../../../lambdas/relay/domain/loop-guard.ts';
import { fileName } from '../../../lambdas/relay/domain/object-name.ts';
import { firstMisfit, isDirectoryMarker, matchRoute } from '../../../lambdas/relay/domain/route.ts';
import type { Route, Settings } from '../../../lambdas/relay/domain/settings.ts';
import { eventKeyPatterns, passesPatterns } from '../../infra/storage/event-patterns.ts';
import { notificationFilters } from '../../infra/storage/notification-filters.ts';
import { captionOf } from './caption-of.ts';
import { factsOf, type GivenObject } from './given-object.ts';
import { misfitText } from './misfit-text.ts';
import { type CaptionPart, parsedCaption } from './parsed-caption.ts';

/** What the relay does with an object. */
export interface Explanation {
  readonly key: string;
  readonly outcome:
    | 'posted'
    /** A route with `ignore` takes it. */
    | 'ignored by a route'
    | 'no route fits'
    /** An empty object whose key ends in a slash. */
    | 'directory marker'
    /** The key is that of a file that Rocket.Chat itself stored. */
    | 'own upload of Rocket.Chat'
    /** A route depends on an option that was not given, and comes before any that fits. */
    | 'undecided';
  /** The place of the route that takes the object. */
  readonly route: number | undefined;
  readonly rooms: readonly string[];
  readonly fileName: string | undefined;
  readonly caption: string | undefined;
  readonly captionParts: readonly CaptionPart[] | undefined;
  readonly routes: readonly ExplainedRoute[];
  readonly event: ExplainedEvent;
}

export interface ExplainedRoute {
  readonly place: number;
  readonly fits: boolean | 'undecided';
  /** The first condition that the object does not meet, or the option that decides. */
  readonly why: string | undefined;
}

/** Whether the event of the upload reaches the relay at all. */
export interface ExplainedEvent {
  readonly passes: boolean;
  readonly by: 'S3' | 'EventBridge';
  /** The filter that lets it through, or all of them if none does. */
  readonly filters: readonly string[];
}

/** Explains what the relay with these settings does with an object. Calls nothing. */
export const explain = async (
  { routes, eventBridge }: { readonly routes: Settings['routes']; readonly eventBridge: boolean },
  object: GivenObject,
): Promise<Explanation> => {
  const facts = factsOf(object);
  const explained = await Promise.all(routes.map((route, place) => explainRoute(route, place, object)));
  const common = { key: object.key, routes: explained, event: explainEvent(routes, eventBridge, object.key) };
  const nothing = {
    ...common,
    route: undefined,
    rooms: [],
    fileName: undefined,
    caption: undefined,
    captionParts: undefined,
  };

  if (object.sizeBytes !== undefined && isDirectoryMarker({ ...object, sizeBytes: object.sizeBytes })) {
    return { ...nothing, outcome: 'directory marker' };
  }
  const decisive = explained.find(({ fits }) => fits !== false);
  if (decisive === undefined) return { ...nothing, outcome: 'no route fits' };
  if (decisive.fits === 'undecided') return { ...nothing, outcome: 'undecided' };
  if (suspectLoop(object.key)?.isExact) return { ...nothing, outcome: 'own upload of Rocket.Chat' };
  const match = await matchRoute([routes[decisive.place] as Route], facts);
  if (match === undefined || match.rooms.length === 0) {
    return { ...nothing, route: decisive.place, outcome: 'ignored by a route' };
  }
  const caption = await captionOf(match.route, facts);
  return {
    ...common,
    outcome: 'posted',
    route: decisive.place,
    rooms: match.rooms,
    fileName: fileName(object.key),
    caption,
    captionParts: parsedCaption(caption),
  };
};

const explainRoute = async (route: Route, place: number, object: GivenObject): Promise<ExplainedRoute> => {
  const unknown = unknownOptions(route, object);
  const { minSizeBytes: _, maxSizeBytes: __, contentTypes: ___, ...others } = route;
  const decided = {
    ...others,
    ...(!unknown.includes('--size') && { minSizeBytes: route.minSizeBytes, maxSizeBytes: route.maxSizeBytes }),
    ...(!unknown.includes('--content-type') && { contentTypes: route.contentTypes }),
  };
  const misfit = await firstMisfit(decided, factsOf(object));
  if (misfit !== undefined) return { place, fits: false, why: misfitText(misfit, route, object) };
  if (unknown.length > 0) return { place, fits: 'undecided', why: `depends on ${unknown.join(' and ')}` };
  return { place, fits: true, why: undefined };
};

/** The options that a route depends on and that were not given. */
const unknownOptions = (
  { minSizeBytes, maxSizeBytes, contentTypes }: Route,
  object: GivenObject,
): readonly ('--size' | '--content-type')[] => [
  ...((minSizeBytes ?? maxSizeBytes) !== undefined && object.sizeBytes === undefined ? (['--size'] as const) : []),
  ...(contentTypes !== undefined && object.contentType === undefined ? (['--content-type'] as const) : []),
];

const explainEvent = (routes: readonly Route[], eventBridge: boolean, key: string): ExplainedEvent => {
  const filters = notificationFilters(routes);
  if (!eventBridge) {
    const passing = filters.filter(({ prefix, suffix }) => key.startsWith(prefix) && key.endsWith(suffix));
    const shown = passing.length > 0 ? passing : filters;
    return { passes: passing.length > 0, by: 'S3', filters: shown.map(filterText) };
  }
  const patterns = eventKeyPatterns(filters);
  const passing = patterns.filter((pattern) => passesPatterns([pattern], key));
  const shown = passing.length > 0 ? passing : patterns;
  const texts = shown.map((pattern) =>
    Object.entries(pattern).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
  );
  return {
    passes: passesPatterns(patterns, key),
    by: 'EventBridge',
    filters: patterns.length === 0 ? ['every object'] : texts.map((parts) => parts.join(', ')),
  };
};

const filterText = ({ prefix, suffix }: { readonly prefix: string; readonly suffix: string }): string => {
  const parts = [
    ...(prefix === '' ? [] : [`prefix ${JSON.stringify(prefix)}`]),
    ...(suffix === '' ? [] : [`suffix ${JSON.stringify(suffix)}`]),
  ];
  return parts.length === 0 ? 'every object' : parts.join(', ');
};
