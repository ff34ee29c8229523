import type { CommandIo } from '../command.ts';
import { palette, printable } from '../terminal.ts';
import { createBurstCollapse } from './burst.ts';
import {
  burstLine,
  deadLetterLines,
  headerLines,
  ignoredLines,
  postedLine,
  problemLines,
  type Style,
  statusLine,
  summaryText,
  totalsText,
  waitingLines,
} from './lines.ts';
import { addressesOf, type Ready, type Report } from './report.ts';
import { createTotals, type QueueTotals } from './totals.ts';
import { createWaitingReasons } from './waiting-reasons.ts';

const TICK_MS = 125;

/** Goes to the line's begin and erases it. */
const ERASE_LINE = '\r\u001b[2K';

/** Lines for people on a terminal, and below them a line with totals that stays. */
export const createTerminalReport = (
  io: CommandIo,
  options: { readonly quiet: boolean; readonly hasKeys: boolean; readonly now?: () => number },
): Report => {
  const { quiet, hasKeys, now = Date.now } = options;
  const colours = palette(io);
  // The user may change the terminal's width.
  const style = (): Style => ({
    columns: (io.stdout as { readonly columns?: number }).columns ?? io.columns ?? 80,
    palette: colours,
  });
  const totals = createTotals();
  const isNewReason = createWaitingReasons();
  let ready: Ready | undefined;
  let queues: QueueTotals = { waiting: 0, deadLetters: 0 };
  let isPaused = false;
  let shown = '';

  const show = (status: string): void => {
    if (status === shown) return;
    shown = status;
    io.stdout.write(`${ERASE_LINE}${status}`);
  };
  const status = (): string =>
    ready === undefined ? '' : statusLine(style(), totalsText(totals, queues), { isPaused, hasKeys });
  const print = (lines: readonly string[]): void => {
    shown = status();
    io.stdout.write(`${ERASE_LINE}${lines.map((line) => `${line}\n`).join('')}${shown}`);
  };
  const posted = createBurstCollapse({
    now,
    onFile: (event) => print([postedLine(style(), event, ready?.room ?? '')]),
    onBurst: (burst) => print([burstLine(style(), burst)]),
  });
  const timer = setInterval(() => {
    posted.tick();
    show(status());
  }, TICK_MS);
  timer.unref();

  /** Removes the status line and shows what is held back. */
  const finish = (lines: readonly string[]): void => {
    clearInterval(timer);
    posted.flush();
    ready = undefined;
    if (lines.length > 0 || shown !== '') print(lines);
  };

  return {
    ready(given, dropFolder) {
      ready = given;
      print(headerLines(style(), addressesOf(given, dropFolder)));
    },
    event(event) {
      totals.note(event);
      const isNew = isNewReason(event);
      switch (event.event) {
        case 'posted':
          return quiet ? undefined : posted.add(event);
        case 'dead-lettered': {
          const limitBytes = ready?.relay.chat?.settings.FileUpload_MaxFileSize;
          return print(deadLetterLines(style(), event, { limitBytes, hasKeys }));
        }
        case 'ignored':
          return quiet ? undefined : print(ignoredLines(style(), event));
        case 'retrying':
          return isNew ? print(waitingLines(style(), event)) : undefined;
        default:
          event satisfies never;
      }
    },
    queues(given, state) {
      queues = given;
      isPaused = state.isPaused;
    },
    lines: print,
    reloaded: (file) => print([`settings: ${printable(file)} was read again`]),
    problem(text) {
      show('');
      io.stderr.write(`${problemLines(style(), text).join('\n')}\n`);
    },
    summary: (all, expected) => finish([summaryText(all, expected)]),
    stopped: (last, lines) => finish([totalsText(totals, last), ...lines]),
    close: () => finish([]),
  };
};
