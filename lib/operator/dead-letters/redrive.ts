import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import { type CommandIo, ExitCode } from '../command.ts';
import { createOutput, type Output } from '../output.ts';
import { createPace } from '../pace.ts';
import { createPlan } from '../plan.ts';
import { createProgress } from '../progress.ts';
import { sendMessages } from '../queue/send-messages.ts';
import { findTarget } from '../target/options.ts';
import type { Target } from '../target/target.ts';
import { counted, printable } from '../terminal.ts';
import { letterColumns } from './columns.ts';
import { matchLetters } from './filter.ts';
import { type Letter, titleOf } from './letter.ts';
import { reportRest } from './list.ts';
import { type Pass, startPass } from './look-through.ts';
import { filterOf, type LetterOptions } from './options.ts';
import { renewRetries } from './renew-retries.ts';

export interface RedriveOptions extends LetterOptions {
  readonly rate: number;
  readonly keep?: boolean | undefined;
  readonly execute?: boolean | undefined;
}

/** `relay redrive` @returns the exit code */
export const redriveLetters = async (
  ids: readonly string[],
  options: RedriveOptions,
  io: CommandIo,
): Promise<number> => {
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const { clients, deadLetterQueueUrl, settings } = target;
  const isSelected = matchLetters(filterOf(options, ids), settings.routes);
  const pass = await startPass({
    sqs: clients.sqs,
    queueUrl: deadLetterQueueUrl,
    signal: io.signal,
    hideForSeconds: options.hideFor,
    perSecond: options.execute ? options.rate : undefined,
  });
  const progress = createProgress(io, { total: pass.visibleBefore });
  const pace = createPace({ perSecond: options.rate, signal: io.signal });
  const plan = createPlan(output, letterColumns(Date.now()));
  const count = { sent: 0, failed: 0, newer: 0 };
  const repeats = createRepeats(pass);
  try {
    for await (const letters of pass.batches()) {
      const selected = letters.filter(isSelected);
      // An object that fails again has a new letter. It is left for the next run, or this one might never end.
      const wanted = selected.filter((letter) => letter.sentAt <= pass.startedAt() && !repeats.has(letter));
      count.newer += selected.length - wanted.length;
      progress.add(letters.length - wanted.length);
      if (!options.execute) for (const letter of wanted) plan.add(letter);
      else {
        for (const part of tens(wanted)) {
          if (io.signal.aborted) break;
          await pace.take(part.length);
          repeats.add(part);
          const failed = await redrive(target, pass, part, options, output);
          count.failed += failed;
          count.sent += part.length - failed;
          progress.add(part.length);
        }
      }
    }
  } catch (error) {
    if (!io.signal.aborted) throw error;
  } finally {
    progress.end();
    await pass.giveBack();
  }
  if (!options.execute)
    plan.print({
      what: (count) => `${counted(count, 'dead letter')} to send back to the uploads queue`,
      execute: false,
    });
  else {
    for (const { letter, error } of pass.undeleted) {
      output.problem(
        `${named(letter)} was sent, but could not be deleted: ${error}. The next redrive sends it again, and the relay recognises it.`,
      );
    }
    reportResult({ ...count, undeleted: pass.undeleted.length }, options, io, output);
  }
  reportRest(pass, target, output);
  return count.failed + pass.undeleted.length > 0 || io.signal.aborted ? ExitCode.Failed : ExitCode.Done;
};

/**
 * Recognises the letter of an object that failed again in the same second in which the pass began, whose time does not
 * tell it from the letters before.
 */
const createRepeats = (pass: Pick<Pass, 'startedAt'>) => {
  const redriven = new Set<string>();
  const begunAt = performance.now();
  const nameOf = ({ body, roomId = '' }: Letter): string => `${roomId} ${body}`;
  return {
    has: (letter: Letter): boolean => letter.sentAt > pass.startedAt() - 1_000 && redriven.has(nameOf(letter)),
    /** What is sent later fails later than in that second, so few letters are remembered. */
    add(letters: readonly Letter[]): void {
      if (performance.now() - begunAt > 3_000) return;
      for (const letter of letters) redriven.add(nameOf(letter));
    },
  };
};

/**
 * Sends letters to the uploads queue, then deletes them from the dead-letter queue. If the process ends in between, a
 * letter is in both queues and is sent again by the next run; the ledger then acknowledges the second message, because its
 * `failedAt` is that of a letter whose redrive it has seen.
 * @returns how many were not sent
 */
const redrive = async (
  { clients, ledgerTable, queueUrl }: Target,
  pass: Pass,
  letters: readonly Letter[],
  { keep = false }: RedriveOptions,
  output: Output,
): Promise<number> => {
  const ledger = { client: clients.dynamodb, tableName: ledgerTable };
  await pMap(letters, (letter) => renewRetries(ledger, letter, Date.now()), { concurrency: 5 });
  const messages = letters.map((letter) => ({ letter, body: letter.body, attributes: copyAttributes(letter) }));
  const results = await sendMessages(clients.sqs, queueUrl, messages);
  const sent = results.flatMap(({ message, error }) => (error === undefined ? [message.letter] : []));
  for (const { message, error } of results) {
    if (error !== undefined) output.problem(`${named(message.letter)} was not sent, and stays: ${error}`);
  }
  if (!keep) await pass.delete(sent);
  if (output.isJson) for (const letter of sent) output.record({ event: 'redriven', ...brief(letter), kept: keep }, '');
  return results.length - sent.length;
};

/**
 * The attributes of a redriven message. SQS returns empty lists in attributes that it received, and refuses attributes
 * that have lists: "StringListValues: not implemented. Reserved for future use"
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_MessageAttributeValue.html).
 */
export const copyAttributes = ({ attributes }: Pick<Letter, 'attributes'>): Record<string, MessageAttributeValue> =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, { DataType, StringValue, BinaryValue }]) => {
      if (StringValue === undefined && BinaryValue === undefined) return [];
      const value = StringValue === undefined ? { BinaryValue } : { StringValue };
      return [[name, { DataType, ...value }] as const];
    }),
  );

const brief = ({ id, reason, objects: [object] }: Letter) => ({ id, reason, bucket: object?.bucket, key: object?.key });
const named = (letter: Letter): string => `${letter.id} ${printable(titleOf(letter))}`;

const reportResult = (
  { sent, failed, undeleted, newer }: Readonly<Record<'sent' | 'failed' | 'undeleted' | 'newer', number>>,
  { keep = false }: RedriveOptions,
  io: CommandIo,
  output: Output,
): void => {
  const stays = keep ? ', kept in the dead-letter queue too' : '';
  const stopped = io.signal.aborted ? 'Stopped. ' : '';
  const text = `${stopped}Sent back to the uploads queue: ${counted(sent, 'dead letter')}${stays}.`;
  const stops = { kept: keep, stopped: io.signal.aborted };
  output.record({ event: 'done', sent, failed, undeleted, newer, ...stops }, output.strong(text));
  if (failed > 0) output.problem(`${failed} could not be sent; they stay in the dead-letter queue.`);
  if (newer > 0)
    output.problem(`${newer} came while the command ran, and stay: objects that failed again, or new ones.`);
};

const tens = <Item>(items: readonly Item[]): Item[][] =>
  Array.from({ length: Math.ceil(items.length / 10) }, (_, index) => items.slice(index * 10, (index + 1) * 10));
