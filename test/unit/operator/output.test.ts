import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Column, createOutput } from '../../../lib/operator/output.ts';
import { createPlan } from '../../../lib/operator/plan.ts';
import { createProgress } from '../../../lib/operator/progress.ts';

const ioOf = ({ isTerminal = false, columns = 80 } = {}) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io = {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env: {},
    cwd: '/',
    isTerminal,
    columns,
    signal: new AbortController().signal,
  };
  return { io, printed: () => String(stdout.read() ?? ''), complained: () => String(stderr.read() ?? '') };
};

interface Row {
  readonly key: string;
  readonly size: number;
}
const COLUMNS: readonly Column<Row>[] = [
  { title: 'KEY', text: ({ key }) => key },
  { title: 'SIZE', text: ({ size }) => String(size), align: 'right' },
];
const ROWS: readonly Row[] = [
  { key: 'a.txt', size: 5 },
  { key: 'long/b\u001b[31m.txt', size: 12_345 },
];

describe('a table', () => {
  it('has aligned columns and a header on a terminal', () => {
    const { io, printed } = ioOf({ isTerminal: true });
    createOutput({ ...io, env: { NO_COLOR: '1' } }, {}).table(ROWS, COLUMNS);
    expect(printed()).toBe('KEY               SIZE\na.txt                5\nlong/b\u{fffd}[31m.txt  12345\n');
  });

  it('shortens the widest column to the width of the terminal', () => {
    const { io, printed } = ioOf({ isTerminal: true, columns: 30 });
    createOutput({ ...io, env: { NO_COLOR: '1' } }, {}).table([{ key: 'x'.repeat(100), size: 1 }], COLUMNS);
    const lines = printed().trimEnd().split('\n');
    expect(lines[1]).toBe(`${'x'.repeat(23)}…     1`);
    expect(lines.every((line) => line.length <= 30)).toBe(true);
  });

  it('has tab-separated lines without a header in a pipe', () => {
    const { io, printed } = ioOf();
    createOutput(io, {}).table(ROWS, COLUMNS);
    expect(printed()).toBe('a.txt\t5\nlong/b\u{fffd}[31m.txt\t12345\n');
  });

  it('is one JSON object a line with --json', () => {
    const { io, printed } = ioOf({ isTerminal: true });
    createOutput(io, { json: true }).table(ROWS, COLUMNS);
    expect(printed()).toBe('{"key":"a.txt","size":5}\n{"key":"long/b\\u001b[31m.txt","size":12345}\n');
  });
});

describe('a plan', () => {
  const planOf = (count: number, execute: boolean | undefined, json = false) => {
    const { io, printed } = ioOf();
    const plan = createPlan(createOutput(io, { json }), COLUMNS);
    for (let i = 0; i < count; i += 1) plan.add({ key: `k${i}`, size: i });
    plan.print({ what: (matches) => `${matches} objects are posted again`, execute });
    return printed().trimEnd().split('\n');
  };

  it('shows the first 25 matches, their number, and how to carry it out', () => {
    const lines = planOf(1_000, undefined);
    expect(lines.slice(24)).toEqual([
      'k24\t24',
      '… and 975 more',
      '1000 objects are posted again.',
      'Nothing was changed. Repeat the command with --execute to do it.',
    ]);
  });

  it('does not ask to be repeated if it is carried out or empty', () => {
    expect(planOf(1, true)).toEqual(['k0\t0', '1 objects are posted again.']);
    expect(planOf(0, false)).toEqual(['0 objects are posted again.']);
  });

  it('is one JSON object with --json, after its matches', () => {
    expect(planOf(1, false, true)).toEqual(['{"key":"k0","size":0}', '{"plan":{"count":1,"execute":false}}']);
  });
});

describe('progress', () => {
  const progressOf = (showsProgress: boolean, total?: number) => {
    const { io, complained } = ioOf();
    let time = 0;
    const progress = createProgress({ ...io, showsProgress }, { total, now: () => time });
    return { progress, complained, at: (now: number) => (time = now) };
  };

  it('shows the rate and the time left after a second', () => {
    const { progress, complained, at } = progressOf(true, 100);
    at(900);
    progress.add(10);
    expect(complained()).toBe('');
    at(2_000);
    progress.add(10);
    expect(complained()).toBe('\r\u001b[2K20 of 100, 10/s, 8.0 s left');
    progress.end();
    expect(complained()).toBe('\r\u001b[2K');
  });

  it('shows the number and the rate if the total is not known', () => {
    const { progress, complained, at } = progressOf(true);
    at(2_000);
    progress.add(10);
    expect(complained()).toBe('\r\u001b[2K10, 5/s');
  });

  it('shows nothing in a pipe', () => {
    const { progress, complained, at } = progressOf(false, 10);
    at(5_000);
    progress.add(5);
    progress.end();
    expect(complained()).toBe('');
  });
});
