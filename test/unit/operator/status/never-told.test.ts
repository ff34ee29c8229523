import { describe, expect, it } from 'vitest';
import { whyNeverTold } from '../../../../lib/operator/status/never-told.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-24T12:00:00Z');
const known = (values: Partial<Parameters<typeof whyNeverTold>[0]> = {}) => ({
  modifiedAt: NOW - DAY,
  ignored: undefined,
  relaySince: NOW - 30 * DAY,
  isPaused: false,
  waiting: 0,
  ledgerRetentionDays: 365,
  now: NOW,
  option: '--stack Mine',
  ...values,
});

describe('whyNeverTold', () => {
  it.each<[string, Parameters<typeof known>[0], string, string]>([
    ['there is no such object', { modifiedAt: undefined, ignored: 'no route fits' }, 'NOT_THERE', 'no such object'],
    ['no route fits', { ignored: 'no route fits', modifiedAt: NOW - 40 * DAY }, 'IGNORED', 'no route fits'],
    [
      'it is older than the relay',
      { modifiedAt: NOW - 31 * DAY },
      'BEFORE_THE_RELAY',
      'npx relay backfill --stack Mine',
    ],
    [
      'the ledger forgot it',
      { modifiedAt: NOW - 366 * DAY, relaySince: undefined },
      'EXPIRED',
      'ledgerRetentionDays (365)',
    ],
    ['the relay is paused', { isPaused: true, waiting: 3 }, 'PAUSED', 'npx relay resume --stack Mine'],
    ['messages wait', { waiting: 3 }, 'MAY_WAIT', 'one of the 3 messages'],
    ['nothing explains it', {}, 'NO_EVENT', 'npx relay doctor --stack Mine'],
    ['the relay is paused and nothing waits', { isPaused: true }, 'NO_EVENT', 'S3 never told the relay of it'],
  ])('gives the reason and what to do if %s', (_, values, code, text) => {
    const why = whyNeverTold(known(values));
    expect(why.code).toBe(code);
    expect(why.text).toContain(text);
  });
});
