import { describe, expect, it } from 'vitest';
import { listOption, numberOption, parseTime } from '../../../lib/operator/option-values.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');

describe('parseTime', () => {
  it.each([
    ['90m', '2026-11-24T10:30:00.000Z'],
    ['30s', '2026-11-24T11:59:30.000Z'],
    ['3h', '2026-11-24T09:00:00.000Z'],
    ['2d', '2026-11-22T12:00:00.000Z'],
    ['1w', '2026-11-17T12:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T08:30Z', '2026-11-20T08:30:00.000Z'],
    ['2026-11-20T08:30:15.5+01:00', '2026-11-20T07:30:15.500Z'],
  ])('reads %s as %s', (text, expected) => {
    expect(new Date(parseTime(text, NOW)).toISOString()).toBe(expected);
  });

  it.each(['', 'yesterday', '3', '-3h', '1.5h', '2026-13-01', '2026-11-20T25:00Z', '24.11.2026', '12345678'])(
    'refuses %j and says what is allowed',
    (text) => {
      expect(() => parseTime(text, NOW)).toThrow('3h');
    },
  );
});

describe('numberOption', () => {
  it('accepts numbers within its limits, and fractions only if they are allowed', () => {
    expect(numberOption({ min: 1, max: 10 })('10')).toBe(10);
    expect(numberOption({ min: 0.1, max: 10, whole: false })('0.5')).toBe(0.5);
    for (const text of ['0', '11', '1.5', '-1', '1e1', 'ten', '', 'Infinity']) {
      expect(() => numberOption({ min: 1, max: 10 })(text), text).toThrow('Give a whole number from 1 to 10.');
    }
  });
});

describe('listOption', () => {
  it('takes values that are separated by commas or given several times', () => {
    expect(listOption('B,C,', listOption('A'))).toEqual(['A', 'B', 'C']);
  });
});
