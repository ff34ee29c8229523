import * as v from 'valibot';
import { configurationError, type Fault } from './configuration-error.ts';

/**
 * Parses `input` with a valibot schema.
 *
 * @param root what the messages call the input, e.g. `relay`; `rename` replaces single places, e.g. by the name of a
 * command-line option
 * @throws ConfigurationError that lists every fault
 */
export const checkConfiguration = <Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  { root, rename = {} }: { root: string; rename?: Readonly<Record<string, string>> },
): v.InferOutput<Schema> => {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  // valibot reports only the first unknown key of an object; all of them are listed here.
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
  // A check of a whole object reports the fault at one of the object's keys.
  const isForwarded = typeof issue.input === 'object' && issue.path?.at(-1)?.value !== issue.input;
  const value = isForwarded ? issue.path?.at(-1)?.value : issue.input;
  return { place, value: isShown(value) ? printed(value) : undefined, allowed: issue.message };
};

/** Objects are not shown: one of their keys may hold a token. */
const isShown = (value: unknown): boolean =>
  value !== undefined &&
  (value === null || typeof value !== 'object' || (Array.isArray(value) && value.every((item) => isShown(item))));

/** At most 80 characters, with the credentials of a URL removed. */
const printed = (value: unknown): string => {
  const json = (JSON.stringify(value) ?? String(value)).replace(/\/\/[^/@"]*@/g, '//***@');
  return json.length > 80 ? `${json.slice(0, 79)}…` : json;
};

/** The parts of a valibot schema that are needed to walk through it. */
interface Shape {
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly item?: Shape;
  readonly wrapped?: Shape;
}

/** The faults do not show the keys' values: a misplaced key may hold a token. */
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
    const advice = nearest === undefined ? `the known keys are ${known.join(', ')}` : `did you mean "${nearest}"?`;
    return [{ place: `${place}.${key}`, allowed: `is not a known key; ${advice}` }];
  });
};

/** The candidate with the smallest edit distance, if at most a third of its letters differ. */
const nearestWord = (word: string, candidates: readonly string[]): string | undefined => {
  const [nearest] = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, candidate.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.candidate;
};

/** Levenshtein distance, computed row by row. */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, char] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (char === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};
