import * as v from 'valibot';
import { nearestWord } from './nearest-word.ts';

/** What the operator configured can't be deployed. The message lists every fault and is all that they need to see. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'CONFIGURATION_INVALID';
}

/** One thing that is wrong. */
export interface Fault {
  /** Where, e.g. `relay.routes[1].room`. */
  readonly place: string;
  /** As given, as JSON; absent where nothing was given or where it may be secret. */
  readonly value?: string | undefined;
  /** What is allowed there. */
  readonly allowed: string;
}

/**
 * Parses `input` by a schema of objects, lists and values.
 * @throws ConfigurationError with every fault at once
 */
export const checkConfiguration = <Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  { root, rename = {} }: { root: string; rename?: Readonly<Record<string, string>> },
): v.InferOutput<Schema> => {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  // valibot stops at the first unknown key of an object; the operator wants to know all of them.
  const faults = [
    ...result.issues.filter((issue) => !isUnknownKey(issue)).map(describe),
    ...unknownKeys(schema as Shape, input),
  ];
  throw configurationError(
    root,
    faults.map((fault) => {
      const place = `${root}${fault.place}`;
      return { ...fault, place: rename[place] ?? place };
    }),
  );
};

export const configurationError = (root: string, faults: readonly Fault[]): ConfigurationError => {
  const lines = faults.map(
    ({ place, value, allowed }) => `  ${place}${value === undefined ? '' : ` is ${value}`}: ${allowed}`,
  );
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  return new ConfigurationError(`The configuration "${root}" has ${count}:\n${lines.join('\n')}`);
};

const isUnknownKey = (issue: v.BaseIssue<unknown>): boolean =>
  issue.type === 'strict_object' && issue.expected === 'never';

const describe = (issue: v.BaseIssue<unknown>): Fault => {
  const place = (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('');
  if (issue.received === 'undefined') return { place, allowed: 'is missing' };
  return { place, value: printed(issue.input), allowed: issue.message };
};

/** At most a line's worth, and without credentials that a URL may carry. */
const printed = (value: unknown): string => {
  const json = (JSON.stringify(value) ?? String(value)).replace(/\/\/[^/@"]*@/g, '//***@');
  return json.length > 80 ? `${json.slice(0, 79)}…` : json;
};

/** As much of a valibot schema as is needed to walk it. */
interface Shape {
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly item?: Shape;
  readonly wrapped?: Shape;
}

/** Their values stay unsaid: a misplaced key may well hold a token. */
const unknownKeys = (shape: Shape, input: unknown, place = ''): Fault[] => {
  if (shape.wrapped !== undefined) return unknownKeys(shape.wrapped, input, place);
  const { entries, item } = shape;
  if (item !== undefined && Array.isArray(input)) {
    return input.flatMap((element, i) => unknownKeys(item, element, `${place}[${i}]`));
  }
  if (entries === undefined || typeof input !== 'object' || input === null) return [];
  return Object.entries(input).flatMap(([key, value]) => {
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (entry !== undefined) return unknownKeys(entry, value, `${place}.${key}`);
    const known = Object.keys(entries);
    const nearest = nearestWord(key, known);
    const advice = nearest === undefined ? `known are ${known.join(', ')}` : `did you mean "${nearest}"?`;
    return [{ place: `${place}.${key}`, allowed: `is not a key that exists here; ${advice}` }];
  });
};
