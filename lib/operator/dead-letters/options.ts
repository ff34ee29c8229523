import type { Command } from 'commander';
import { listOption, numberOption, timeOption } from '../option-values.ts';
import { addTargetOptions, type TargetOptions } from '../target/options.ts';
import type { LetterFilter } from './filter.ts';

/** The options of the commands that select dead letters. */
export interface LetterOptions extends TargetOptions, Omit<LetterFilter, 'ids'> {
  readonly hideFor?: number | undefined;
}

/** Adds the options that select a relay and letters in its dead-letter queue. */
export const addLetterOptions = (command: Command): Command =>
  addTargetOptions(
    command
      .option(
        '--reason <reason>',
        'only this reason, such as ROOM_UNAVAILABLE; several are separated by commas',
        listOption,
      )
      .option('--room <room>', "only those of this room: its id, or its name in the routes, such as '#general'")
      .option('--key <glob>', "only keys that match, such as 'reports/**/*.pdf'")
      .option('--since <time>', 'only those that failed since then: a date, a time, or 3h, 2d', timeOption)
      .option('--until <time>', 'only those that failed before', timeOption)
      .option(
        '--hide-for <seconds>',
        'how long letters stay hidden from others if this command is killed (default: enough for all of them)',
        numberOption({ min: 1, max: 43_200 }),
      ),
  );

export const filterOf = (options: LetterOptions, ids: readonly string[] = []): LetterFilter => ({ ...options, ids });

/** Whether every letter is selected. */
export const selectsAll = ({ ids = [], reason, room, key, since, until }: LetterFilter): boolean =>
  ids.length === 0 && [reason, room, key, since, until].every((condition) => condition === undefined);
