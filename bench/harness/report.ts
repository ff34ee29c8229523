import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Gate {
  readonly what: string;
  readonly reached: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly digits?: number;
}

export interface Report {
  /** The first one names the row. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How often each side was measured. */
  readonly repeats: string;
  readonly gates: readonly Gate[];
  readonly notes?: readonly string[];
}

export interface Bench {
  readonly question: string;
  /** `quick`: fewer and smaller runs, to see that it works. */
  run(options: { quick: boolean }): Promise<Report>;
}

/** One bench's result, as a table in Markdown. */
export const renderReport = (name: string, question: string, report: Report, isQuick: boolean): string => {
  const { columns, rows, repeats, gates, notes = [] } = report;
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [
    `## ${question}`,
    '',
    `npm run bench -- ${name}${isQuick ? ' --quick' : ''}; ${repeats}; load ${loadavg()[0]?.toFixed(1)}`,
    '',
    line(columns),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map(line),
    '',
    ...notes.map((note) => `- ${note}`),
    ...gates.map((gate) => `- ${renderGate(gate)}`),
    '',
  ].join('\n');
};

const renderGate = ({ what, reached, atLeast, atMost, digits = 2 }: Gate): string => {
  const isHeld = (atLeast === undefined || reached >= atLeast) && (atMost === undefined || reached <= atMost);
  const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  return `${isHeld ? 'held' : 'MISSED'}: ${what} ${reached.toFixed(digits)} (${limit})`;
};

/** What the numbers depend on. */
export const renderMachine = (): string => {
  const [cpu] = cpus();
  const versions = ['@aws-sdk/client-s3', '@aws-lambda-powertools/logger', 'esbuild'].map(
    (name) => `${name} ${versionOf(name)}`,
  );
  return [
    `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GB, Linux ${release()}`,
    `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}, ${versions.join(', ')}`,
    'All processes on this one machine, over its loopback interface; nothing here was measured on Lambda.',
  ].join('\n');
};

const versionOf = (name: string): string => {
  const file = join(import.meta.dirname, '../../node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
};
