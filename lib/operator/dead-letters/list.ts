import { resolve } from 'node:path';
import { type CommandIo, ExitCode } from '../command.ts';
import { createOutput, type Output } from '../output.ts';
import { createProgress } from '../progress.ts';
import { findTarget } from '../target/options.ts';
import type { Target } from '../target/target.ts';
import { humanDuration, printable } from '../terminal.ts';
import { letterColumns } from './columns.ts';
import { type LetterFilter, matchLetters } from './filter.ts';
import { type Letter, recordOf, timeOf } from './letter.ts';
import { createLetterFile } from './letter-file.ts';
import { type Pass, startPass } from './look-through.ts';
import { filterOf, type LetterOptions } from './options.ts';

/** The lines that a terminal gets; a pipe or `--json` gets all. */
const MAX_ROWS = 200;

/** `relay dead-letters list` @returns the exit code */
export const listLetters = async (options: LetterOptions, io: CommandIo): Promise<number> => {
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const rows: Letter[] = [];
  const byReason = new Map<string, number>();
  const now = Date.now();
  const isShort = io.isTerminal && !output.isJson;
  const pass = await eachLetter(target, options, filterOf(options), io, (letters) => {
    for (const letter of letters) byReason.set(letter.reason, (byReason.get(letter.reason) ?? 0) + 1);
    if (output.isJson) for (const letter of letters) output.record(recordOf(letter), '');
    else if (isShort) rows.push(...letters.slice(0, MAX_ROWS - rows.length));
    else output.table(letters, letterColumns(now));
  });
  if (isShort && rows.length > 0) {
    output.table(
      rows.toSorted((a, b) => timeOf(a) - timeOf(b)),
      letterColumns(now),
    );
  }
  if (isShort) output.text(summaryOf(byReason, rows.length, output));
  reportRest(pass, target, output);
  return io.signal.aborted ? ExitCode.Failed : ExitCode.Done;
};

const summaryOf = (byReason: ReadonlyMap<string, number>, shown: number, output: Output): string => {
  const total = [...byReason.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return output.good('No dead letters.');
  const reasons = [...byReason]
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count} ${printable(reason)}`);
  const more = total > shown ? output.faint(`… and ${total - shown} more; the whole list: pipe it into a file\n`) : '';
  return `${more}${output.strong(`${total} dead letters`)}: ${reasons.join(', ')}`;
};

/** `relay dead-letters show` @returns the exit code: 1 if an id was not found */
export const showLetters = async (ids: readonly string[], options: LetterOptions, io: CommandIo): Promise<number> => {
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const found = new Set<string>();
  const pass = await eachLetter(target, options, filterOf(options, ids), io, (letters, { retentionMs }) => {
    for (const letter of letters) {
      for (const id of ids) if (letter.id.startsWith(id)) found.add(id);
      output.record(recordOf(letter), describe(letter, retentionMs, output));
    }
  });
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length > 0) output.problem(`No dead letter has the id ${missing.join(', ')}.`);
  reportRest(pass, target, output);
  return missing.length > 0 ? ExitCode.Failed : ExitCode.Done;
};

const describe = (letter: Letter, retentionMs: number, output: Output): string => {
  const time = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString());
  const leftMs = letter.sentAt + retentionMs - Date.now();
  const lines: [string, string][] = [
    ['id', letter.id],
    ['reason', letter.reason],
    ['detail', letter.detail],
    ['error type', letter.errorType ?? ''],
    ['HTTP status', String(letter.httpStatus ?? '')],
    ['room', letter.room ?? ''],
    ['room id', letter.roomId ?? ''],
    ['attempts', String(letter.attempts ?? '')],
    ['failed', time(letter.failedAt)],
    ['kept until', leftMs > 0 ? `${time(letter.sentAt + retentionMs)}, for ${humanDuration(leftMs)}` : ''],
    ...letter.objects.map(({ bucket, key, sizeBytes }): [string, string] => [
      'object',
      `s3://${bucket}/${key} (${sizeBytes} bytes)`,
    ]),
    ['body', letter.body],
  ];
  return lines
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${output.faint(name.padEnd(12))}${printable(text)}`)
    .join('\n')
    .concat('\n');
};

/** `relay dead-letters export` @returns the exit code @throws UsageError if the file exists */
export const exportLetters = async (
  path: string | undefined,
  options: LetterOptions,
  io: CommandIo,
): Promise<number> => {
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const file = path === undefined ? undefined : await createLetterFile(resolve(io.cwd, path));
  let count = 0;
  try {
    const pass = await eachLetter(target, options, filterOf(options), io, async (letters) => {
      count += letters.length;
      if (file !== undefined) await file.append(letters);
      else for (const letter of letters) io.stdout.write(`${JSON.stringify(recordOf(letter))}\n`);
    });
    if (file !== undefined) {
      output.record(
        { event: 'exported', count, file: file.path },
        `${count} dead letters are in ${printable(file.path)}.`,
      );
    }
    reportRest(pass, target, output);
    return io.signal.aborted ? ExitCode.Failed : ExitCode.Done;
  } finally {
    await file?.close();
  }
};

/** Passes the selected letters on, and makes all of them visible again. */
const eachLetter = async (
  target: Target,
  options: LetterOptions,
  filter: LetterFilter,
  io: CommandIo,
  onLetters: (letters: readonly Letter[], pass: Pass) => void | Promise<void>,
): Promise<Pass> => {
  const { clients, deadLetterQueueUrl: queueUrl, settings } = target;
  const isSelected = matchLetters(filter, settings.routes);
  const pass = await startPass({ sqs: clients.sqs, queueUrl, signal: io.signal, hideForSeconds: options.hideFor });
  const progress = createProgress(io, { total: pass.visibleBefore });
  try {
    for await (const letters of pass.batches()) {
      progress.add(letters.length);
      await onLetters(letters.filter(isSelected), pass);
    }
  } finally {
    progress.end();
    await pass.giveBack();
  }
  return pass;
};

/** Says which letters the command could not see. */
export const reportRest = (pass: Pass, target: Target, output: Output): void => {
  if (pass.hiddenBefore > 0) {
    output.problem(
      `About ${pass.hiddenBefore} more dead letters are hidden: another command looks at them, or one was killed. ` +
        'They are visible again when it ends, or when the time that it hides them for is over.',
    );
  }
  if (pass.isCutShort) {
    output.problem(
      'Not all dead letters were looked at, because SQS hides at most 120,000 of a queue. Send the first ones back ' +
        `(relay redrive ${target.option} --execute) or discard them, then repeat the command for the rest.`,
    );
  }
};
