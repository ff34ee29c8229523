import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RouteSchema } from '../../lambdas/relay/domain/settings.ts';
import { RelayContextSchema, readRelayContext } from '../../lib/infra/config/context.ts';
import { FUNCTION_TIMEOUT } from '../../lib/infra/function/relay-function.ts';
import { MAX_FILTERS } from '../../lib/infra/storage/notification-filters.ts';
import { longestRetryHours, maxReceiveCount } from '../../lib/infra/storage/uploads-queues.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

const section = (title: string): string => page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
const tableRows = (title: string): string[][] =>
  [...section(title).matchAll(/^\| `(\w+)` \|(.*)\|$/gm)].map(([, key = '', rest = '']) => [
    key,
    ...rest.split(' | ').map((c) => c.trim()),
  ]);

describe('docs/configuration.md', () => {
  it('lists exactly the keys that exist', () => {
    expect(
      tableRows('Keys')
        .map(([key]) => key)
        .sort(),
    ).toEqual(Object.keys(RelayContextSchema.entries).sort());
    expect(
      tableRows('Routes')
        .map(([key]) => key)
        .sort(),
    ).toEqual(Object.keys(RouteSchema.entries).sort());
  });

  it('states the defaults', () => {
    const minimal = { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#general' }] };
    const defaults = readRelayContext((key) => (key === 'relay' ? minimal : undefined)) as Record<string, unknown>;
    for (const [key = '', , cell = ''] of tableRows('Keys')) {
      const value = key in minimal ? undefined : defaults[key];
      if (value !== undefined) expect(`${key}: ${cell}`).toBe(`${key}: \`${value}\``);
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
