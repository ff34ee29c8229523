import { describe, expect, it } from 'vitest';
import type { Reason } from '../../../lambdas/relay/domain/failure.ts';
import {
  fieldsRefusedNotice,
  type Incident,
  incidentKey,
  incidentText,
  isReportable,
} from '../../../lambdas/relay/domain/incident.ts';
import { createdObject, START } from '../../helpers/factories.ts';

const PERIOD_MS = 600_000;
const incident = (overrides: Partial<Incident> = {}): Incident => ({
  kind: 'dead-lettered',
  reason: 'FILE_TOO_LARGE',
  detail: 'rooms.media answered 400: too large',
  object: createdObject(),
  room: '#general',
  ...overrides,
});

describe('the text of an incident', () => {
  it('says what happened to the object, and why', () => {
    expect(incidentText(incident())).toBe(
      ':x: *FILE_TOO_LARGE*: `s3://example-uploads/reports/weekly.pdf` was not delivered to `#\u2060general`. ' +
        'It is in the dead-letter queue.\n`rooms.media answered 400: too large`\n' +
        'More of the same kind may follow without a message.',
    );
    expect(incidentText(incident({ kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE' }))).toMatch(
      /^:wrench: \*ROOM_UNAVAILABLE\*: .* waits to be delivered to .*, until this is corrected\./,
    );
    expect(incidentText({ kind: 'dead-lettered', reason: 'UNREADABLE_EVENT', detail: 'x' })).toMatch(
      /: an event was not delivered\. It is/,
    );
  });

  it.each(['@all', '@here and #general', '`@all`', 'a\n@all', `${'x'.repeat(1_499)}\u{1f3d4}@all`])(
    'contains no mention and no room link for %j',
    (text) => {
      const notice = incidentText(
        incident({ detail: text, room: text, object: createdObject({ key: text, bucket: text }) }),
      );
      expect(notice).not.toMatch(/[@#](?!\u2060)/);
      expect(notice.split('\n')).toHaveLength(3);
      expect(notice.match(/`/g)).toHaveLength(6);
      expect(notice.isWellFormed()).toBe(true);
      expect(notice.length).toBeLessThan(5_000);
    },
  );
});

it('the notice about refused fields names the room, the fields and the answer, and mentions nobody', () => {
  const { key, text } = fieldsRefusedNotice({ roomId: 'R`@all', fields: ['alias', 'avatar'], detail: 'no\n@here `x`' });
  expect(text).toContain("`R'@\u2060all` without `alias`, `avatar`");
  expect(text).toContain("`no @\u2060here 'x'`");
  expect(text).not.toMatch(/[@#](?!\u2060)/);
  expect(fieldsRefusedNotice({ roomId: 'R`@all', fields: ['alias', 'avatar'], detail: 'other' }).key).toBe(key);
});

describe('the key of an incident', () => {
  const keyOf = (overrides: Partial<Incident>, now = START) => incidentKey(incident(overrides), now, PERIOD_MS);

  it('is the same each time a dead letter is written', () => {
    expect(keyOf({}, START + 3 * PERIOD_MS)).toBe(keyOf({}));
    expect(keyOf({ detail: 'other words' })).toBe(keyOf({}));
  });

  it.each<[string, Partial<Incident>]>([
    ['another object', { object: createdObject({ key: 'other' }) }],
    ['another version', { object: createdObject({ sequencer: 'FF' }) }],
    ['another room', { room: '#other' }],
    ['an object that was redriven', { redrivenFrom: START }],
    ['a misconfiguration', { kind: 'misconfigured' }],
  ])('differs for %s', (_, overrides) => {
    expect(keyOf(overrides)).not.toBe(keyOf({}));
  });

  it('is the same for all objects that wait for the same correction in one period', () => {
    const waiting = { kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE' } as const;
    expect(keyOf({ ...waiting, object: createdObject({ key: 'other' }) })).toBe(keyOf(waiting));
    expect(keyOf(waiting, START + PERIOD_MS)).not.toBe(keyOf(waiting));
    expect(keyOf({ ...waiting, room: '#other' })).not.toBe(keyOf(waiting));
  });
});

it.each<[Reason, boolean]>([
  ['CHAT_UNREACHABLE', false],
  ['CREDENTIALS_REFUSED', false],
  ['SECRET_UNUSABLE', false],
  ['NOT_ROCKET_CHAT', false],
  ['ROOM_UNAVAILABLE', true],
  ['SOURCE_FORBIDDEN', true],
  ['FILE_TOO_LARGE', true],
])('isReportable(%s) is %s', (reason, isReported) => {
  expect(isReportable(incident({ reason }))).toBe(isReported);
});
