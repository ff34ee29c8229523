import { setTimeout as sleep } from 'node:timers/promises';
import { watchDeadLetters } from '../../local/aws/dead-letters.ts';
import { uploadFile } from '../../local/aws/upload-file.ts';
import { readDeliveryLine } from '../../local/delivery-log.ts';
import { startLocalRelay } from '../../local/index.ts';
import { findChatRoom } from '../chat-room.ts';
import { type CommandIo, ExitCode } from '../command.ts';
import { writeLocalFile } from '../target/local-file.ts';
import { openDropFolder } from './drop-folder.ts';
import { createEventStream } from './events.ts';
import { keysOf, sampleFiles } from './files.ts';
import { CREDENTIAL_VARIABLES, type LocalOptions } from './options.ts';
import { createReport, type Ready, type Report } from './report.ts';
import { createSettlement, type Settlement } from './settlement.ts';

/** Runs the whole relay on this machine and uploads files into it. @returns the exit code */
export const runLocal = async (options: LocalOptions, io: CommandIo): Promise<number> => {
  // Child processes, such as esbuild's, inherit this process's environment and need no token.
  for (const name of CREDENTIAL_VARIABLES) delete process.env[name];
  const report = createReport(io, options.json);
  const closers: (() => unknown)[] = [];
  try {
    return await runRelay(options, io, report, closers);
  } catch (error) {
    if (!io.signal.aborted) report.problem(explain(error, options));
    return ExitCode.Failed;
  } finally {
    for (const close of closers.reverse()) await close();
  }
};

const BUCKET = 'uploads';
const OWN_ROOM = 'general';
const POLL_MS = 25;
/** The help for further uploads is printed by then, even if an object is still being retried. */
const INVITE_AFTER_MS = 5_000;

const runRelay = async (
  options: LocalOptions,
  io: CommandIo,
  report: Report,
  closers: (() => unknown)[],
): Promise<number> => {
  const settlement = createSettlement({ now: Date.now });
  const ready = await start(options, io, report, settlement, closers);
  if (io.signal.aborted) return ExitCode.Failed;
  report.ready(ready);

  const upload = async (path: string, key: string): Promise<void> => {
    settlement.expect(key);
    try {
      await uploadFile({ endpoint: ready.relay.endpoints.s3, bucket: BUCKET, key }, path);
    } catch (error) {
      settlement.giveUp(key);
      report.problem(`${path} was not uploaded: ${error instanceof Error ? error.message : error}`);
    }
  };
  const dropFolder = options.once ? undefined : openDropFolder(options.watchFolder, upload, report);
  if (dropFolder !== undefined) closers.push(dropFolder.close);

  for (const { path, key } of keysOf(options.files.length > 0 ? options.files : sampleFiles())) await upload(path, key);
  if (dropFolder === undefined) return untilSettled(settlement, io, report);
  await untilStopped(settlement, io, () => report.invite(ready, dropFolder.folder));
  return ExitCode.Done;
};

const start = async (
  options: LocalOptions,
  io: CommandIo,
  report: Report,
  settlement: Settlement,
  closers: (() => unknown)[],
): Promise<Ready> => {
  const found = options.rocketChat === undefined ? undefined : await findChatRoom(options.rocketChat);
  const room = found === undefined ? `#${OWN_ROOM}` : found.name === undefined ? found.id : `#${found.name}`;
  const events = createEventStream({
    bucket: BUCKET,
    room,
    onEvent(event) {
      report.event(event);
      settlement.note(event);
    },
  });
  const errorLines: string[] = [];
  const extraCertificates = io.env['NODE_EXTRA_CA_CERTS'];

  const relay = await startLocalRelay({
    bucket: BUCKET,
    rocketChat: options.rocketChat,
    port: options.port,
    settings: { routes: [{ room: found?.id ?? room }] },
    environment: extraCertificates ? { NODE_EXTRA_CA_CERTS: extraCertificates } : undefined,
    onDelivery: events.onDelivery,
    onLine(line, stream) {
      if (stream === 'stdout' || readDeliveryLine(line) !== undefined) return;
      if (errorLines.push(line) > 20) errorLines.shift();
    },
    onBatch({ outcome }) {
      if (outcome.kind === 'partial') return;
      const why = `The function failed and will receive its messages again later: ${outcome.why}`;
      report.problem([why, ...errorLines.splice(0)].join('\n'));
      settlement.crashed(why);
    },
  });
  closers.push(() => relay.close());
  closers.push(watchDeadLetters(relay, events.onDeadLetter));
  closers.push(writeLocalFile(io.env, relay));
  return {
    relay,
    room,
    roomId: found?.id ?? relay.chat?.room(OWN_ROOM).id ?? '',
    roomPageUrl: found?.pageUrl ?? relay.chat?.roomPageUrl(OWN_ROOM),
  };
};

const untilSettled = async (settlement: Settlement, io: CommandIo, report: Report): Promise<number> => {
  for (;;) {
    const stuck = settlement.stuck();
    if (stuck !== undefined) report.problem(stuck);
    if (settlement.isSettled || stuck !== undefined || io.signal.aborted) break;
    await sleep(POLL_MS);
  }
  const { posted, expected } = settlement;
  report.summary(posted, expected);
  return posted === expected ? ExitCode.Done : ExitCode.Failed;
};

const untilStopped = async (settlement: Settlement, io: CommandIo, invite: () => void): Promise<void> => {
  const inviteAt = Date.now() + INVITE_AFTER_MS;
  while (!settlement.isSettled && Date.now() < inviteAt && !io.signal.aborted) await sleep(POLL_MS);
  if (io.signal.aborted) return;
  invite();
  await new Promise<void>((resolve) => io.signal.addEventListener('abort', () => resolve(), { once: true }));
};

const explain = (error: unknown, { port }: LocalOptions): string => {
  if (!(error instanceof Error)) return String(error);
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return `Port ${port} is taken: choose another one with --port, or omit --port to use a free one.`;
  }
  return error.message;
};
