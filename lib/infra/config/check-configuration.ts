import * as v from 'valibot';
import { configurationError, type Fault } from './configuration-error.ts';
import { nearestWord } from './nearest-word.ts';

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

const isUnknownKey = (issue: v.BaseIssue<unknown>): boolean =>
  issue.type === 'strict_object' && issue.expected === 'never';

const describe = (issue: v.BaseIssue<unknown>): Fault => {
  const place = (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('');
  if (issue.received === 'undefined') return { place, allowed: 'is missing' };
  // A check of a whole object that speaks of one of its keys.
  const isForwarded = typeof issue.input === 'object' && issue.path?.at(-1)?.value !== issue.input;
  const value = isForwarded ? issue.path?.at(-1)?.value : issue.input;
  return { place, value: value === undefined ? undefined : printed(value), allowed: issue.message };
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
