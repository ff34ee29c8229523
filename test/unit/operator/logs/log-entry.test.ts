import { describe, expect, it } from 'vitest';
import { filterPattern } from '../../../../lib/operator/logs/filter-pattern.ts';
import { readLogLine } from '../../../../lib/operator/logs/log-entry.ts';
import { matchDeliveries } from '../../../../lib/operator/logs/read-log.ts';

const delivery = (fields: object) => JSON.stringify({ level: 'INFO', message: 'delivery', ...fields });

describe('readLogLine', () => {
  it('reads deliveries, other entries, and text of the runtime', () => {
    const line = delivery({ outcome: 'retrying', bucket: 'b', key: 'k', reason: 'CHAT_ERROR', attempts: 'many' });
    expect(readLogLine(line, 5)).toMatchObject({
      kind: 'delivery',
      timestamp: 5,
      fields: { outcome: 'retrying', key: 'k', reason: 'CHAT_ERROR', attempts: undefined },
    });
    expect(readLogLine('{"level":"WARN","message":"slow","detail":"x"}', 5)).toMatchObject({
      kind: 'entry',
      level: 'WARN',
      message: 'slow',
      fields: { detail: 'x' },
    });
    expect(readLogLine('Task timed out after 900.00 seconds\n', 5)).toMatchObject({ kind: 'text' });
    expect(readLogLine('{"no":"message"}', 5)).toMatchObject({ kind: 'text' });
    expect(readLogLine('{broken', 5)).toMatchObject({ kind: 'text', text: '{broken' });
  });

  it.each(['', 'START RequestId: 1', 'END RequestId: 1', 'REPORT RequestId: 1', '{"_aws":{},"ObjectsPosted":1}'])(
    'leaves out %j',
    (text) => {
      expect(readLogLine(text, 5)).toBeUndefined();
    },
  );
});

describe('filterPattern', () => {
  it.each([
    [{}, undefined],
    [{ key: 'reports/a.pdf' }, '{ ($.message = "delivery") && ($.key = "reports/a.pdf") }'],
    [{ key: 'reports/**/*.pdf' }, '{ ($.message = "delivery") && ($.key = "reports/*") }'],
    [{ key: 'a"||$.x="*' }, '{ ($.message = "delivery") && ($.key = "a*") }'],
    [{ key: '*.pdf' }, '{ ($.message = "delivery") }'],
    [{ reason: ['A', 'B'] }, '{ ($.message = "delivery") && ($.reason = "A" || $.reason = "B") }'],
    [{ reason: ['A" || $.x = "'] }, undefined],
    [{ outcomes: ['dead-lettered'] }, '{ ($.message = "delivery") && ($.outcome = "dead-lettered") }'],
  ])('of %j is %s', (filter, pattern) => {
    expect(filterPattern(filter)).toBe(pattern);
  });
});

describe('matchDeliveries', () => {
  const line = readLogLine(
    delivery({ outcome: 'dead-lettered', bucket: 'b', key: 'a/b.pdf', reason: 'EMPTY_FILE' }),
    5,
  );
  const other = readLogLine('{"level":"WARN","message":"slow"}', 5);

  it('selects every line without a filter, and only matching deliveries with one', () => {
    if (line === undefined || other === undefined) throw new Error('a line was not read');
    expect(matchDeliveries({})(other)).toBe(true);
    expect(matchDeliveries({ key: '**' })(other)).toBe(false);
    expect(matchDeliveries({ key: 'a/*.pdf', reason: ['EMPTY_FILE'], outcomes: ['dead-lettered'] })(line)).toBe(true);
    expect(matchDeliveries({ key: 'a/*.png' })(line)).toBe(false);
    expect(matchDeliveries({ reason: ['OTHER'] })(line)).toBe(false);
    expect(matchDeliveries({ outcomes: ['posted'] })(line)).toBe(false);
  });
});
