import type { CommandIo } from '../command.ts';
import { palette, printable } from '../terminal.ts';
import {
  deadLetterLines,
  headerLines,
  ignoredLines,
  postedLine,
  problemLines,
  type Style,
  summaryText,
  totalsText,
  uploadLines,
  waitingLines,
} from './lines.ts';
import { addressesOf, type Ready, type Report } from './report.ts';
import { createTotals, type QueueTotals } from './totals.ts';
import { createWaitingReasons } from './waiting-reasons.ts';

const TOTALS_EVERY_MS = 10_000;

/** Whole lines for a pipe, a file or a log: one or more for each file, and totals every 10 s if they have changed. */
export const createPlainReport = (
  io: CommandIo,
  { quiet, now = Date.now }: { readonly quiet: boolean; readonly now?: () => number },
): Report => {
  const style: Style = { columns: undefined, palette: palette({ ...io, isTerminal: false }) };
  const print = (lines: readonly string[]) => void io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  const isNewReason = createWaitingReasons();
  const totals = createTotals();
  let ready: Ready | undefined;
  let printedAt = now();
  let printed = totalsText(totals, { waiting: 0, deadLetters: 0 });

  return {
    ready(given, dropFolder) {
      ready = given;
      const addresses = addressesOf(given, dropFolder);
      printedAt = now();
      const upload = dropFolder === undefined ? [] : [...uploadLines(addresses).map((line) => `  ${line}`), ''];
      print([...headerLines(style, addresses), ...upload]);
    },
    event(event) {
      totals.note(event);
      const isNew = isNewReason(event);
      switch (event.event) {
        case 'posted':
          return quiet ? undefined : print([postedLine(style, event, ready?.room ?? '')]);
        case 'dead-lettered':
          return print(
            deadLetterLines(style, event, { limitBytes: ready?.relay.chat?.settings.FileUpload_MaxFileSize }),
          );
        case 'ignored':
          return quiet ? undefined : print(ignoredLines(style, event));
        case 'retrying':
          return isNew ? print(waitingLines(style, event)) : undefined;
        default:
          event satisfies never;
      }
    },
    reloaded: (file) => print([`settings: ${printable(file)} was read again`]),
    queues(queues: QueueTotals) {
      if (now() - printedAt < TOTALS_EVERY_MS) return;
      printedAt = now();
      const text = totalsText(totals, queues);
      if (text !== printed) print([text]);
      printed = text;
    },
    lines: print,
    problem: (text) => void io.stderr.write(`${problemLines(style, text).join('\n')}\n`),
    summary: (posted, expected) => print([summaryText(posted, expected)]),
    stopped: (queues, last) => print([totalsText(totals, queues), ...last]),
    close: () => {},
  };
};
