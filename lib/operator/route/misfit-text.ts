import type { Misfit } from '../../../lambdas/relay/domain/route.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';
import type { GivenObject } from './given-object.ts';

/** Says why an object does not meet a condition of a route. */
export const misfitText = (misfit: Misfit, route: Route, object: GivenObject): string => {
  const { key, sizeBytes, contentType } = object;
  switch (misfit) {
    case 'prefix':
      return `the key does not begin with ${quoted(route.prefix)}`;
    case 'suffix':
      return `the key does not end with ${quoted(route.suffix)}`;
    case 'glob':
      return `the key does not match the glob ${quoted(route.glob)}`;
    case 'minSizeBytes':
      return `${sizeBytes} bytes are less than minSizeBytes, ${route.minSizeBytes}`;
    case 'maxSizeBytes':
      return `${sizeBytes} bytes are more than maxSizeBytes, ${route.maxSizeBytes}`;
    case 'contentTypes':
      return `the content type ${quoted(contentType)} is none of ${route.contentTypes?.join(', ')}`;
    case 'metadata':
      return pairText('the metadata value', route.metadata ?? {}, object.metadata);
    case 'tags':
      return pairText('the tag', route.tags ?? {}, object.tags);
    case 'roomFrom': {
      const { keySegment, metadata = '', allow = [] } = route.roomFrom ?? {};
      const source =
        keySegment === undefined ? `the metadata value ${quoted(metadata)}` : `segment ${keySegment} of the key`;
      const value = keySegment === undefined ? object.metadata.get(metadata) : key.split('/').slice(0, -1)[keySegment];
      return value === undefined
        ? `there is no ${source.replace(/^the /, '')}`
        : `${source} is ${quoted(value)}, which names none of ${allow.join(', ')}`;
    }
    default:
      return misfit satisfies never;
  }
};

const pairText = (
  what: string,
  wanted: Readonly<Record<string, string>>,
  actual: ReadonlyMap<string, string>,
): string => {
  const [name = '', value] = Object.entries(wanted).find(([each, text]) => actual.get(each) !== text) ?? [];
  const given = actual.get(name);
  return given === undefined
    ? `${what} ${quoted(name)} is missing; it must be ${quoted(value)}`
    : `${what} ${quoted(name)} is ${quoted(given)}, not ${quoted(value)}`;
};

const quoted = (text: string | undefined): string => JSON.stringify(text ?? '');
