import type { CommandIo } from './command.ts';
import { humanDuration } from './terminal.ts';

/** Shows how far a long run is, on one line of a terminal's stderr. */
export interface Progress {
  add(count: number): void;
  /** Removes the line. */
  end(): void;
}

/** A shorter run shows nothing. */
const SHOW_AFTER_MS = 1_000;
const SHOW_EVERY_MS = 200;

/**
 * @param options.total how much there is to do; undefined if that is not known, so no time left is shown
 * @param options.format formats a number of units, for example `humanSize`
 * @param options.now epoch milliseconds
 */
export const createProgress = (
  io: Pick<CommandIo, 'stderr' | 'showsProgress'>,
  options: { total?: number | undefined; format?: (count: number) => string; now?: () => number } = {},
): Progress => {
  const { total, format = (count: number) => String(Math.round(count)), now = Date.now } = options;
  if (io.showsProgress !== true) return { add: () => {}, end: () => {} };
  const startedAt = now();
  let shownAt = startedAt + SHOW_AFTER_MS - SHOW_EVERY_MS;
  let done = 0;
  let isShown = false;
  return {
    add(count) {
      done += count;
      const time = now();
      if (time - shownAt < SHOW_EVERY_MS) return;
      shownAt = time;
      isShown = true;
      const perSecond = done / ((time - startedAt) / 1_000);
      const of = total === undefined ? '' : ` of ${format(total)}`;
      const left = total === undefined ? '' : `, ${humanDuration(((total - done) / perSecond) * 1_000)} left`;
      io.stderr.write(`\r\u001b[2K${format(done)}${of}, ${format(perSecond)}/s${left}`);
    },
    end() {
      if (isShown) io.stderr.write('\r\u001b[2K');
      isShown = false;
    },
  };
};
