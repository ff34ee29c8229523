import type { CommandIo } from './command.ts';
import { type Palette, palette, printable } from './terminal.ts';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** The cell's text. Control characters in it are replaced. */
  readonly text: (row: Row) => string;
  readonly paint?: (row: Row, palette: Palette) => (text: string) => string;
  readonly align?: 'left' | 'right';
}

/** A command's output on stdout, for people or, with `--json`, for programs: one JSON object a line. */
export interface Output extends Palette {
  readonly isJson: boolean;
  /** Prints a record: as JSON with `--json`, otherwise as the text, whose lines may be painted but not hostile. */
  record(record: object, text: string): void;
  /** Prints text that programs do not need: nothing with `--json`. */
  text(text: string): void;
  /** Prints rows: aligned columns on a terminal, tab-separated lines in a pipe, one JSON object a line with `--json`. */
  table<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[]): void;
  /** Prints to stderr, also with `--json`. */
  problem(text: string): void;
}

export const createOutput = (io: CommandIo, { json = false }: { json?: boolean | undefined }): Output => {
  const colours = palette(io);
  const print = (line: string) => void io.stdout.write(`${line}\n`);
  const printJson = (record: object) => print(JSON.stringify(record));
  return {
    ...colours,
    isJson: json,
    record: (record, text) => (json ? printJson(record) : print(text)),
    text: (text) => json || print(text),
    table(rows, columns) {
      if (json) rows.forEach(printJson);
      else if (io.isTerminal) for (const line of aligned(rows, columns, colours, io.columns ?? 80)) print(line);
      else for (const row of rows) print(columns.map(({ text }) => printable(text(row))).join('\t'));
    },
    problem: (text) => void io.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`),
  };
};

/** The widest column gives way if the lines are longer than the terminal is wide. */
const aligned = <Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  colours: Palette,
  terminalColumns: number,
): string[] => {
  const cells = rows.map((row) => columns.map(({ text }) => printable(text(row))));
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const excess = widths.reduce((sum, width) => sum + width + 2, -2) - terminalColumns;
  const widest = widths.indexOf(Math.max(...widths));
  if (excess > 0) widths[widest] = Math.max(10, (widths[widest] ?? 0) - excess);
  const cellOf = (text: string, i: number): string => {
    const width = widths[i] ?? 0;
    const clipped = text.length > width ? `${text.slice(0, width - 1)}…` : text;
    if (columns[i]?.align === 'right') return clipped.padStart(width);
    return i === columns.length - 1 ? clipped : clipped.padEnd(width);
  };
  const header = colours.faint(columns.map(({ title }, i) => cellOf(title, i)).join('  '));
  const lines = cells.map((line, r) =>
    line.map((cell, i) => (columns[i]?.paint?.(rows[r] as Row, colours) ?? String)(cellOf(cell, i))).join('  '),
  );
  return [header, ...lines];
};
