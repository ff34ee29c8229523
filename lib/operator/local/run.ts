import { setTimeout as sleep } from 'node:timers/promises';
import { watchDeadLetters } from '../../local/aws/dead-letters.ts';
import { uploadFile } from '../../local/aws/upload-file.ts';
import { readDeliveryLine } from '../../local/delivery-log.ts';
import { startLocalRelay } from '../../local/index.ts';
import { createDropFolder, removeLeftRunFolders } from '../../local/run-folder.ts';
import { findChatRoom } from '../chat-room.ts';
import { type CommandIo, ExitCode } from '../command.ts';
import { writeLocalFile } from '../target/local-file.ts';
import { printable } from '../terminal.ts';
import { createReport } from './create-report.ts';
import { openDropFolder } from './drop-folder.ts';
import { createEventStream } from './events.ts';
import { keysOf, sampleFiles } from './files.ts';
import { CREDENTIAL_VARIABLES, type LocalOptions } from './options.ts';
import type { Ready, Report } from './report.ts';
import { openPage, runSession } from './session.ts';
import { createSettlement, type Settlement } from './settlement.ts';

/** Runs the whole relay on this machine and uploads files into it. @returns the exit code */
export const runLocal = async (options: LocalOptions, io: CommandIo): Promise<number> => {
  // Child processes, such as esbuild's, inherit this process's environment and need no token.
  for (const name of CREDENTIAL_VARIABLES) delete process.env[name];
  const report = createReport(io, { ...options, hasKeys: hasKeys(options, io) });
  const closers: (() => unknown)[] = [report.close];
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
/** The first ports tried. They stay the same over a restart, so that an open tab and a saved command go on working. */
const PORT = { aws: 4566, chat: 4580 } as const;
/** How many messages, files and deliveries a relay remembers that runs for weeks. */
const HISTORY = 5_000;
/** On the disk. */
const KEEP_CHAT_FILES_BYTES = 1024 ** 3;

const runRelay = async (
  options: LocalOptions,
  io: CommandIo,
  report: Report,
  closers: (() => unknown)[],
): Promise<number> => {
  const leftFolders = removeLeftRunFolders();
  const settlement = createSettlement({ now: Date.now });
  const ready = await start(options, io, report, settlement, closers);
  if (io.signal.aborted) return ExitCode.Failed;
  const folder = options.once ? undefined : (options.watchFolder ?? createDropFolder(ready.relay.runFolder));
  report.ready(ready, folder);
  if (leftFolders.length > 0)
    report.lines(['Files of earlier runs are still in', ...leftFolders.map((left) => `  ${printable(left)}`), '']);

  const upload = async (path: string, key: string): Promise<void> => {
    settlement.expect(key);
    try {
      await uploadFile({ endpoint: ready.relay.endpoints.s3, bucket: BUCKET, key }, path);
    } catch (error) {
      settlement.giveUp(key);
      report.problem(`${path} was not uploaded: ${error instanceof Error ? error.message : error}`);
    }
  };
  if (options.open) await openPage(ready, report);
  if (folder !== undefined) closers.push(openDropFolder(folder, upload, report.problem).close);

  for (const { path, key } of keysOf(options.files.length > 0 ? options.files : sampleFiles())) await upload(path, key);
  if (folder === undefined) return untilSettled(settlement, io, report);
  await runSession({ ready, dropFolder: folder, hasKeys: hasKeys(options, io) }, io, report);
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
    port: options.port ?? { from: PORT.aws },
    chatServer: { port: { from: PORT.chat }, keepContentBytes: KEEP_CHAT_FILES_BYTES },
    history: HISTORY,
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

/** Keys are read where a person sees what they do. */
const hasKeys = (options: LocalOptions, io: CommandIo): boolean =>
  !options.once && !options.json && io.isTerminal && io.stdin.isTTY === true;

const explain = (error: unknown, { port }: LocalOptions): string => {
  if (!(error instanceof Error)) return String(error);
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return `Port ${port} is taken: choose another one with --port, or omit --port to use the next free one.`;
  }
  return error.message;
};
