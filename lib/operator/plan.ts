import type { Command } from 'commander';
import type { Column, Output } from './output.ts';

/** Adds `--execute`, without which a command that changes something only shows what it would change. */
export const addExecuteOption = (command: Command): Command =>
  command.option('--execute', 'carry the plan out; without it, the plan is only shown');

/** A command shows this many of the objects that it would change. */
const SHOWN = 25;

/** What a command is going to change. It keeps only the rows that it shows, so it can have any number of matches. */
export interface Plan<Row> {
  add(row: Row): void;
  readonly count: number;
  /** Prints the first matches and their count and, unless `execute` is set, how to carry the plan out. */
  print(options: { readonly what: (count: number) => string; readonly execute: boolean | undefined }): void;
}

/**
 * @example
 * const plan = createPlan(output, COLUMNS);
 * for await (const letter of letters) plan.add(letter);
 * plan.print({ what: (count) => `${counted(count, 'dead letter')} to send back to the uploads queue`, execute });
 */
export const createPlan = <Row extends object>(output: Output, columns: readonly Column<Row>[]): Plan<Row> => {
  const shown: Row[] = [];
  let count = 0;
  return {
    add(row) {
      count += 1;
      if (shown.length < SHOWN) shown.push(row);
    },
    get count() {
      return count;
    },
    print({ what, execute = false }) {
      if (shown.length > 0) output.table(shown, columns);
      if (count > shown.length) output.text(output.faint(`… and ${count - shown.length} more`));
      output.record({ plan: { count, execute } }, output.strong(`${what(count)}.`));
      if (!execute && count > 0) output.text('Nothing was changed. Repeat the command with --execute to do it.');
    },
  };
};
