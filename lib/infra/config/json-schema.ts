import { readFileSync } from 'node:fs';
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { RouteSchema } from '../../../lambdas/relay/domain/settings.ts';
import { RelayContextSchema } from './context.ts';
import { vpcSchema } from './context-values.ts';

/** The tables of docs/configuration.md, by title, and the schema of the object whose keys each describes. */
export const TABLES = {
  Keys: RelayContextSchema,
  Routes: RouteSchema,
  roomFrom: RouteSchema.entries.roomFrom.wrapped,
  link: RouteSchema.entries.link.wrapped,
  vpc: vpcSchema,
} as const;

/** A row: the cells below Meaning, Default, Allowed and Example. */
export interface KeyRow {
  readonly key: string;
  readonly meaning: string;
  readonly default: string;
  readonly allowed: string;
  /** JSON. */
  readonly example: string;
}

/** The rows of the tables that document keys, by the title of their section. */
export const readKeyTables = (page: string): ReadonlyMap<string, readonly KeyRow[]> =>
  new Map(
    page.split(/^##+ /m).map((section) => {
      const title = section.split('\n', 1)[0]?.replaceAll('`', '') ?? '';
      const rows = [...section.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, key = '', cells = '']) => {
        const [meaning = '', byDefault = '', allowed = '', example = ''] = cells
          .split(' | ')
          .map((cell) => cell.trim());
        return { key, meaning, default: byDefault, allowed, example: example.replace(/^`(.*)`$/, '$1') };
      });
      return [title, rows];
    }),
  );

/** Keys of which an object must have exactly one. */
const ALTERNATIVES: ReadonlyMap<unknown, readonly string[]> = new Map<unknown, readonly string[]>([
  [TABLES.Routes, ['room', 'rooms', 'roomFrom', 'ignore']],
  [TABLES.roomFrom, ['keySegment', 'metadata']],
  [TABLES.link, ['baseUrl', 'presignForHours']],
]);

/**
 * The JSON Schema of `cdk.json`, with the context key `relay`, for editors. It is made from the schema that `cdk synth`
 * checks and from the tables of docs/configuration.md. What JSON Schema cannot express, such as the check of a URL, is left
 * to `cdk synth`.
 */
export const cdkJsonSchema = (): JsonSchema => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const tables = readKeyTables(page);
  const relay = toJsonSchema(RelayContextSchema as v.GenericSchema, {
    typeMode: 'input',
    errorMode: 'ignore',
    overrideSchema({ valibotSchema, jsonSchema }) {
      const title = Object.keys(TABLES).find((name) => sameEntries(TABLES[name as keyof typeof TABLES], valibotSchema));
      if (title === undefined) return undefined;
      const alternatives = ALTERNATIVES.get(TABLES[title as keyof typeof TABLES]);
      return {
        ...jsonSchema,
        properties: described(jsonSchema.properties ?? {}, tables.get(title) ?? []),
        ...(alternatives !== undefined && { oneOf: alternatives.map((key) => ({ required: [key] })) }),
      };
    },
  });
  const { $schema: _, ...withoutVersion } = relay;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'cdk.json with the settings of the relay',
    type: 'object',
    properties: {
      context: { type: 'object', properties: { relay: withoutVersion } },
    },
  };
};

const sameEntries = (known: (typeof TABLES)[keyof typeof TABLES], schema: unknown): boolean =>
  typeof schema === 'object' && schema !== null && 'entries' in schema && schema.entries === known.entries;

const described = (properties: NonNullable<JsonSchema['properties']>, rows: readonly KeyRow[]) =>
  Object.fromEntries(
    Object.entries(properties).map(([key, property]) => {
      const row = rows.find((candidate) => candidate.key === key);
      if (row === undefined || typeof property === 'boolean') return [key, property];
      const byDefault = row.default === 'none: required' ? 'Required' : `Default: ${row.default}`;
      const description = plain(`${row.meaning}.\n${byDefault}.\nAllowed: ${row.allowed}.`);
      return [key, { description, ...property, examples: [JSON.parse(row.example)] }];
    }),
  );

/** Without links and code marks, and without repeated full stops. */
const plain = (markdown: string): string =>
  markdown
    .replace(/, see \[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .replace(/\.\./g, '.');
