import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListMessageMoveTasksCommand, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import open from 'open';
import { readDeadLetter } from '../../local/aws/dead-letters.ts';
import type { CommandIo } from '../command.ts';
import { counted, palette, printable } from '../terminal.ts';
import { readKeys } from './keys.ts';
import { deadLetterLines, helpLines, type Style } from './lines.ts';
import { addressesOf, type Ready, type Report } from './report.ts';
import type { QueueTotals } from './totals.ts';

/** How often the queues are looked at. */
const LOOK_EVERY_MS = 250;

/** A move of dead letters takes much less; then it is not waited for any longer. */
const MOVE_TIMEOUT_MS = 30_000;

/** More dead letters than this are counted and not shown. */
const MAX_SHOWN = 20;

/** Shows the state of a running relay and obeys keys until the relay is stopped. */
export const runSession = async (
  session: { readonly ready: Ready; readonly dropFolder: string; readonly hasKeys: boolean },
  io: CommandIo,
  report: Report,
): Promise<void> => {
  const { ready, dropFolder } = session;
  const { relay } = ready;
  let isPaused = false;
  const look = async (): Promise<QueueTotals> => ({
    waiting: await relay.totalMessages('uploads'),
    deadLetters: await relay.totalMessages('dead-letters'),
  });
  const style: Style = { columns: io.columns ?? 80, palette: palette(io) };

  const actions: Readonly<Record<string, () => unknown>> = {
    o: () => openPage(ready, report),
    d: async () => report.lines(await deadLettersOf(ready, style)),
    r: async () => report.lines([await sendBack(ready)]),
    p() {
      isPaused = !isPaused;
      relay.setPaused(isPaused);
      report.lines([isPaused ? '⏸ Paused: files wait in the queue. Press p to go on.' : '▶ Going on.']);
    },
    '?': () => report.lines(helpLines(style, addressesOf(ready, dropFolder))),
    h: () => actions['?']?.(),
  };
  const stopReading = session.hasKeys
    ? readKeys(io, (key) => {
        const act = Object.hasOwn(actions, key) ? actions[key] : undefined;
        Promise.resolve(act?.()).catch((error: unknown) => report.problem(`The key ${key}: ${error}`));
      })
    : () => {};

  let queues = await look();
  try {
    while (!io.signal.aborted) {
      queues = await look();
      report.queues(queues, { isPaused });
      await sleep(LOOK_EVERY_MS, undefined, { signal: io.signal }).catch(() => {});
    }
  } finally {
    stopReading();
  }
  report.stopped(queues, [...lostLines(queues), ...keptLines(relay.runFolder, dropFolder)]);
};

/** Opens the room's page in the browser. */
export const openPage = async ({ relay, roomPageUrl }: Ready, report: Report): Promise<void> => {
  const url = roomPageUrl ?? relay.rocketChatUrl;
  const explain = (error: unknown) => report.problem(`No browser was opened (${error}). The room is at ${url}`);
  try {
    const opener = await open(url);
    opener.once('error', explain);
    opener.once('exit', (code) => code !== 0 && code !== null && explain(`the command ended with ${code}`));
  } catch (error) {
    explain(error);
  }
};

const deadLettersOf = async ({ relay, room }: Ready, style: Style): Promise<string[]> => {
  const letters = (await relay.peekDeadLetters()).map(readDeadLetter);
  if (letters.length === 0) return ['There are no dead letters.'];
  const limitBytes = relay.chat?.settings.FileUpload_MaxFileSize;
  const shown = letters
    .slice(0, MAX_SHOWN)
    .flatMap((letter) => deadLetterLines(style, letter, { limitBytes, hasKeys: true }));
  const more = letters.length - MAX_SHOWN;
  return [
    `${counted(letters.length, 'dead letter')} for ${printable(room)}:`,
    ...shown,
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
};

/** Moves all dead letters to the uploads queue, as `aws sqs start-message-move-task` does. */
const sendBack = async ({ relay }: Ready): Promise<string> => {
  const { sqs } = relay.clients;
  const SourceArn = arnOf(relay.deadLetterQueueUrl, relay.region);
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: arnOf(relay.queueUrl, relay.region) }));
  const endsAt = Date.now() + MOVE_TIMEOUT_MS;
  for (;;) {
    const { Results: [task] = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }));
    const moved = task?.ApproximateNumberOfMessagesMoved ?? 0;
    if (task?.Status === 'FAILED') throw new Error(`The dead letters were not sent back: ${task.FailureReason}`);
    if (task?.Status !== 'RUNNING') {
      return moved === 0 ? 'There are no dead letters to send back.' : `↺ ${counted(moved, 'dead letter')} sent back.`;
    }
    if (Date.now() > endsAt) return `↺ ${counted(moved, 'dead letter')} sent back so far.`;
    await sleep(20);
  }
};

const arnOf = (queueUrl: string, region: string): string =>
  `arn:aws:sqs:${region}:000000000000:${queueUrl.split('/').at(-1)}`;

const lostLines = ({ waiting, deadLetters }: QueueTotals): string[] => {
  const lost = [
    ...(waiting === 0 ? [] : [counted(waiting, 'waiting file')]),
    ...(deadLetters === 0 ? [] : [counted(deadLetters, 'dead letter')]),
  ];
  return lost.length === 0 ? [] : [`The embedded queues have ended, with ${lost.join(' and ')}.`];
};

/** The folder of the run is removed, but not files that were put into its drop folder. */
const keptLines = (runFolder: string, dropFolder: string): string[] => {
  if (!dropFolder.startsWith(runFolder)) return [];
  const files = readdirSync(dropFolder, { recursive: true, withFileTypes: true }).filter(
    (entry) => !entry.isDirectory(),
  );
  return files.length === 0
    ? []
    : [`The drop folder is kept with ${counted(files.length, 'file')}: ${printable(dropFolder)}`];
};
