import { humanSize } from '../../../lambdas/relay/domain/caption-values.ts';
import { adviceFor } from '../../local/relay-feed/advice.ts';
import { counted, humanDuration, number, type Palette, printable } from '../terminal.ts';
import type { Burst, PostedEvent } from './burst.ts';
import type { RelayEvent } from './events.ts';
import { clip, padTo, wrap } from './text-width.ts';
import type { QueueTotals, Totals } from './totals.ts';

/** How lines are made. */
export interface Style {
  /** The terminal's columns; undefined in a pipe, where nothing is shortened or broken. */
  readonly columns: number | undefined;
  readonly palette: Palette;
}

/** What the header and the help name. */
export interface Addresses {
  /** For example `#general`. */
  readonly room: string;
  readonly roomPageUrl: string;
  /** Undefined with `--once`. */
  readonly dropFolder: string | undefined;
  readonly s3: string;
  readonly bucket: string;
  readonly region: string;
}

export const headerLines = ({ palette: { strong, faint } }: Style, to: Addresses): string[] => [
  `${strong('The relay is ready.')} It posts each file to ${printable(to.room)}.`,
  '',
  `  ${faint('Room')}         ${strong(to.roomPageUrl)}`,
  ...(to.dropFolder === undefined ? [] : [`  ${faint('Drop folder')}  ${printable(to.dropFolder)}`]),
  `  ${faint('S3')}           ${to.s3}/${to.bucket}`,
  '',
];

/** How to upload files, apart from the drop folder. */
export const uploadLines = ({ s3, bucket, region }: Addresses): string[] => [
  `curl -T FILE ${s3}/${bucket}/`,
  `AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=${region} \\`,
  `  aws --endpoint-url ${s3} s3 cp FILE s3://${bucket}/`,
];

/** `✓ name  size  time` */
export const postedLine = (style: Style, event: PostedEvent, usualRoom: string): string => {
  const room = event.room === undefined || event.room === usualRoom ? '' : printable(event.room);
  const size = event.sizeBytes === undefined ? '' : humanSize(event.sizeBytes);
  const time = event.durationMs === undefined ? '' : humanDuration(event.durationMs);
  return fileLine(style, style.palette.good('✓'), event.key, [size, time, ...(room === '' ? [] : [room])]);
};

/** `✓ 1,000 files (8.8 KiB) in 3.0 s` */
export const burstLine = ({ palette: { good } }: Style, { count, sizeBytes, durationMs }: Burst): string =>
  `${good('✓')} ${counted(count, 'file')} (${humanSize(sizeBytes)}) in ${humanDuration(durationMs)}`;

/** What a line shows of a dead letter. */
interface Failed {
  /** Undefined or empty if the event cannot be read. */
  readonly key: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly reason: string;
  readonly detail: string | undefined;
}

/**
 * `✗ name  size`, the reason and the next step.
 * @param limitBytes the server's limit of a file's size, if it is known
 */
export const deadLetterLines = (
  style: Style,
  event: Failed,
  { limitBytes, hasKeys = false }: { limitBytes?: number | undefined; hasKeys?: boolean } = {},
): string[] => {
  const limit =
    event.reason === 'FILE_TOO_LARGE' && limitBytes !== undefined && limitBytes > 0
      ? `The server takes at most ${humanSize(limitBytes)}.`
      : undefined;
  const advice = adviceFor(event.reason);
  const next = hasKeys ? advice.replace(/[Tt]hen send (it|the file) back\.$/, 'then press r to send $1 back.') : advice;
  return inPipeOneLine(style, [
    fileLine(style, style.palette.bad('✗'), event.key || 'an unreadable message', [sizeOf(event), '']),
    ...because(style, event, [...(limit === undefined ? [] : [limit]), `→ ${next}`]),
  ]);
};

/** `⏸ Files wait`, the reason and the next step. */
export const waitingLines = (style: Style, event: RelayEvent & { readonly event: 'retrying' }): string[] => {
  const when = event.delayMs === undefined ? '' : `, the next try is in ${humanDuration(event.delayMs)}`;
  return inPipeOneLine(style, [
    ...textLines(style, `${style.palette.warn('⏸')} `, `${printable(event.key)} waits${when}.`),
    ...because(style, event, [`→ ${adviceFor(event.reason)}`]),
  ]);
};

export const ignoredLines = (style: Style, event: RelayEvent & { readonly event: 'ignored' }): string[] =>
  inPipeOneLine(style, [
    fileLine(style, style.palette.faint('–'), event.key, [sizeOf(event), '']),
    ...textLines(style, '  ', printable(`not posted: ${event.detail ?? event.reason}`)),
  ]);

/** A problem that is not about one file. Its further lines are not broken: they may be a program's output. */
export const problemLines = (style: Style, text: string): string[] => {
  const [first = '', ...rest] = text.split('\n').map(printable);
  return [...textLines(style, `${style.palette.bad('!')} `, first), ...rest.map((line) => `  ${line}`)];
};

/** `4 posted (8.8 KiB) · 0 waiting · 1 dead letter` */
export const totalsText = ({ posted, postedBytes, ignored }: Totals, queues: QueueTotals | undefined): string =>
  [
    `${number(posted)} posted${posted === 0 ? '' : ` (${humanSize(postedBytes)})`}`,
    ...(ignored === 0 ? [] : [`${number(ignored)} not posted by rule`]),
    ...(queues === undefined ? [] : [`${number(queues.waiting)} waiting`, counted(queues.deadLetters, 'dead letter')]),
  ].join(' · ');

/** The line that stays at the end of the terminal. */
export const statusLine = (
  { columns = 80, palette: { faint, warn } }: Style,
  totals: string,
  { isPaused, hasKeys }: { isPaused: boolean; hasKeys: boolean },
): string => {
  const state = isPaused ? '⏸ paused · ' : '';
  const keys = !hasKeys ? '' : isPaused ? 'p go on · ? help' : '? help';
  // The last column stays free: some terminals begin a new line after it.
  const text = clip(`${state}${totals}`, columns - 1);
  const padded = padTo(text, columns - 1 - keys.length);
  const rest = padded === text ? '' : faint(keys);
  return `${isPaused ? warn(padded) : faint(padded)}${rest}`;
};

export const helpLines = ({ palette: { strong } }: Style, to: Addresses): string[] => [
  '',
  ...[
    ['o', 'open the room in the browser'],
    ['d', 'show the dead letters'],
    ['r', 'send the dead letters back to the queue'],
    ['p', 'pause, or go on'],
    ['?', 'this help'],
    ['Ctrl-C', 'stop'],
  ].map(([key = '', text]) => `  ${strong(padTo(key, 8))}${text}`),
  '',
  '  Upload without the drop folder:',
  ...uploadLines(to).map((line) => `    ${line}`),
  '',
];

/** The end of `--once`. */
export const summaryText = (posted: number, expected: number): string =>
  posted === expected ? `All ${number(expected)} posted.` : `${number(posted)} of ${number(expected)} posted.`;

const sizeOf = ({ sizeBytes }: { readonly sizeBytes: number | undefined }): string =>
  sizeBytes === undefined ? '' : humanSize(sizeBytes);

/** Columns of the size and of the time. */
const CELL = 10;

/** One line: a mark, the name, and cells at the right edge; in a pipe, two spaces apart. */
const fileLine = (
  { columns, palette: { faint } }: Style,
  mark: string,
  key: string,
  cells: readonly string[],
): string => {
  const name = printable(key);
  if (columns === undefined) return [`${mark} ${name}`, ...cells.filter((cell) => cell !== '')].join('  ');
  const right = cells.map((cell) => cell.padStart(CELL)).join('');
  const nameColumns = Math.max(8, columns - 1 - 2 - right.length);
  return `${mark} ${padTo(clip(name, nameColumns), nameColumns)}${faint(right.trimEnd())}`;
};

const because = (
  style: Style,
  { reason, detail }: { readonly reason: string; readonly detail: string | undefined },
  next: readonly string[],
): string[] =>
  [detail === undefined ? reason : `${reason}: ${detail}`, ...next].flatMap((text) =>
    textLines(style, '  ', printable(text)),
  );

/** In a pipe, a program such as grep finds everything about a file in one line. */
const inPipeOneLine = ({ columns }: Style, lines: readonly string[]): string[] =>
  columns === undefined ? [lines.map((line, index) => (index === 0 ? line : line.trimStart())).join('  ')] : [...lines];

/** Breaks a text into lines; those after the first are indented by two columns. */
const textLines = ({ columns }: Style, start: string, text: string): string[] => {
  if (columns === undefined) return [`${start}${text}`];
  return wrap(text, Math.max(20, columns - 3)).map((line, index) => `${index === 0 ? start : '  '}${line}`);
};
