import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { readRelayContext } from '../../lib/infra/config/context.ts';
import { readKeyTables, TABLES } from '../../lib/infra/config/json-schema.ts';
import { FUNCTION_TIMEOUT } from '../../lib/infra/function/relay-function.ts';
import { MAX_FILTERS } from '../../lib/infra/storage/notification-filters.ts';
import { longestRetryHours, maxReceiveCount } from '../../lib/infra/storage/uploads-queues.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

const section = (title: string): string => page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
const tables = readKeyTables(page);

describe('docs/configuration.md', () => {
  it.each(Object.entries(TABLES))('lists exactly the keys of %s that exist', (title, schema) => {
    expect(
      tables
        .get(title)
        ?.map(({ key }) => key)
        .toSorted(),
    ).toEqual(Object.keys(schema.entries).toSorted());
  });

  it('has no table of keys that the schema does not have', () => {
    const titles = [...tables].filter(([, rows]) => rows.some(({ example }) => example !== '')).map(([title]) => title);
    expect(titles.toSorted()).toEqual(Object.keys(TABLES).toSorted());
  });

  it.each(Object.entries(TABLES))('states a meaning and the default of each key of %s', (title, schema) => {
    for (const row of tables.get(title) ?? []) {
      expect([row.key, row.meaning]).toEqual([row.key, expect.stringMatching(/^[A-Z][^|]{2,}/)]);
      const entry = (schema.entries as Readonly<Record<string, v.GenericSchema & { default?: unknown }>>)[row.key];
      if (entry?.default !== undefined) expect(`${row.key}: ${row.default}`).toBe(`${row.key}: \`${entry.default}\``);
      if (entry?.type !== 'optional') expect(`${row.key}: ${row.default}`).toBe(`${row.key}: none: required`);
      expect(row.default).not.toBe('');
    }
  });

  it.each(Object.entries(TABLES))('has a valid example of each key of %s', (title, schema) => {
    for (const { key, example } of tables.get(title) ?? []) {
      const entry = (schema.entries as Readonly<Record<string, v.GenericSchema>>)[key];
      // The example of a file's path names no file of this repository.
      if (entry === undefined || key === 'certificateAuthorityFile') continue;
      expect({ key, issues: v.safeParse(entry, JSON.parse(example)).issues?.map(({ message }) => message) }).toEqual({
        key,
        issues: undefined,
      });
    }
  });

  it('has only valid examples', () => {
    const examples = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, json = '']) => JSON.parse(json) as unknown);
    expect(examples.length).toBeGreaterThanOrEqual(3);
    for (const relay of examples)
      expect(() => readRelayContext((key) => (key === 'relay' ? relay : undefined))).not.toThrow();
  });

  it('states the receives and the longest retries of each retention', () => {
    const rows = [...section('Retries and retention').matchAll(/^\| (\d+) \| (\d+) \| (\d+) \|$/gm)];
    expect(rows.length).toBeGreaterThan(3);
    for (const [, days, receives, hours] of rows) {
      const times = { queueRetentionDays: Number(days), functionTimeout: FUNCTION_TIMEOUT };
      // The setting itself has a maximum of 288 hours.
      const longest = Math.min(288, longestRetryHours(times));
      expect([days, receives, hours]).toEqual([days, `${maxReceiveCount(times)}`, `${longest}`]);
    }
  });

  it('states the limit of notification configurations', () => {
    expect(section('How routes become notifications')).toContain(`${MAX_FILTERS} notification configurations`);
  });
});
