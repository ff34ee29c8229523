import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** Limits for one figure. A miss of `aim` is only printed. */
export interface Gate {
  readonly what: string;
  readonly reached: number;
  /** Whether a larger or a smaller figure is better. */
  readonly better: 'larger' | 'smaller';
  /** A bench run that misses this limit exits with 1. */
  readonly must?: number;
  readonly aim?: number;
  readonly digits?: number;
}

export interface Report {
  /** The first column contains the names of the rows. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How often each side was measured. */
  readonly repeats: string;
  readonly gates: readonly Gate[];
  readonly notes?: readonly string[];
}

export interface Bench {
  readonly question: string;
  /** `quick`: fewer and smaller runs, to check that the bench works. */
  run(options: { quick: boolean }): Promise<Report>;
}

/** One bench's result, as a table in Markdown. */
export const renderReport = (name: string, question: string, report: Report, isQuick: boolean): string => {
  const { columns, rows, repeats, gates, notes = [] } = report;
  return [
    `## ${question}`,
    '',
    `npm run bench -- ${name}${isQuick ? ' --quick' : ''}; ${repeats}; load ${loadavg()[0]?.toFixed(1)}`,
    '',
    ...renderTable(columns, rows),
    '',
    ...(notes.length === 0 ? [] : [...notes.map((note) => `- ${note}`), '']),
    ...(gates.length === 0 ? [] : [...renderGates(gates), '']),
  ].join('\n');
};

const renderTable = (columns: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(columns), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)];
};

const renderGates = (gates: readonly Gate[]): string[] =>
  renderTable(
    ['gate', 'must', 'aim', 'reached'],
    gates.map((gate) => {
      const { what, reached, better, must, aim, digits = 2 } = gate;
      const sign = better === 'larger' ? '≥' : '≤';
      const limit = (value: number | undefined) =>
        value === undefined ? '' : `${sign} ${value} ${isMet(gate, value) ? 'met' : 'MISSED'}`;
      return [what, limit(must), limit(aim), reached.toFixed(digits)];
    }),
  );

const isMet = ({ reached, better }: Gate, limit: number): boolean =>
  better === 'larger' ? reached >= limit : reached <= limit;

/** The gates whose `must` was missed. A figure that could not be measured (NaN) misses it. */
export const missedGates = ({ gates }: Report): readonly Gate[] =>
  gates.filter((gate) => gate.must !== undefined && !isMet(gate, gate.must));

/** The hardware and the versions that the numbers depend on. */
export const renderMachine = (): string => {
  const [cpu] = cpus();
  const versions = ['@aws-sdk/client-s3', '@aws-lambda-powertools/logger', 'rolldown', 'esbuild'].map(
    (name) => `${name} ${versionOf(name)}`,
  );
  return [
    `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GB, Linux ${release()}`,
    `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}, ${versions.join(', ')}`,
    'All processes run on this machine, over its loopback interface. Nothing was measured on Lambda.',
  ].join('\n');
};

const versionOf = (name: string): string => {
  const file = join(import.meta.dirname, '../../node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
};
