import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import { watchDeadLetters } from '../../local/aws/dead-letters.ts';
import { uploadFile } from '../../local/aws/upload-file.ts';
import { readDeliveryLine } from '../../local/delivery-log.ts';
import { type LocalRelay, startLocalRelay } from '../../local/index.ts';
import { createDropFolder, removeLeftRunFolders } from '../../local/run-folder.ts';
import { type CommandIo, ExitCode } from '../command.ts';
import { roomsOf } from '../doctor/rooms-of.ts';
import { writeLocalFile } from '../target/local-file.ts';
import { printable } from '../terminal.ts';
import { createReport } from './create-report.ts';
import { openDropFolder } from './drop-folder.ts';
import { createEventStream } from './events.ts';
import { keysOf, sampleFiles } from './files.ts';
import { CREDENTIAL_VARIABLES, type LocalOptions } from './options.ts';
import type { Ready, Report } from './report.ts';
import { findRooms, provideRooms, type UsedRooms } from './rooms.ts';
import { openPage, runSession } from './session.ts';
import { readSettings, watchFile } from './settings.ts';
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

  // Nobody wants samples in a room of a real server without having asked for them.
  const samples = options.rocketChat === undefined ? sampleFiles() : [];
  for (const { path, key } of keysOf(options.files.length > 0 ? options.files : samples)) await upload(path, key);
  if (folder === undefined) return untilSettled(settlement, ready, io, report);
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
  const { rocketChat } = options;
  let settings = readSettings(options.config, options.room);
  let used = rocketChat === undefined ? undefined : await findRooms(rocketChat, settings);
  const roomOfAll = (): string | undefined => {
    const rooms = roomsOf({ routes: settings.routes });
    return rooms.length === 1 ? nameOf(rooms[0]?.room ?? '') : undefined;
  };
  const nameOf = (room: string): string => used?.nameOf(room) ?? room;
  const events = createEventStream({
    bucket: BUCKET,
    room: roomOfAll,
    nameOf,
    onEvent(event) {
      report.event(event);
      settlement.note(event);
    },
    onLetterWritten: (key) => settlement.expectLetter(key),
  });
  const errorLines: string[] = [];
  const extraCertificates = io.env['NODE_EXTRA_CA_CERTS'];

  const relay = await startLocalRelay({
    bucket: BUCKET,
    rocketChat,
    port: options.port ?? { from: PORT.aws },
    chatServer: { port: { from: PORT.chat }, keepContentBytes: KEEP_CHAT_FILES_BYTES },
    history: HISTORY,
    settings,
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
  closers.push(writeLocalFile(io.env, relay, relay.runFolder));
  const provide = async (wanted: Settings): Promise<UsedRooms | undefined> =>
    rocketChat !== undefined
      ? findRooms(rocketChat, wanted)
      : relay.chat === undefined
        ? undefined
        : provideRooms(relay.chat, wanted);
  used ??= await provide(settings);

  const reload = async (): Promise<void> => {
    try {
      const changed = readSettings(options.config, options.room);
      if (isDeepStrictEqual(changed, settings)) return;
      const rooms = await provide(changed);
      await relay.configure(changed);
      settings = changed;
      used = rooms;
      writeLocalFile(io.env, relay, relay.runFolder);
      report.reloaded(options.config);
    } catch (error) {
      report.problem(
        `${error instanceof Error ? error.message : error}\nThe relay runs on with its previous settings.`,
      );
    }
  };
  let reloading = Promise.resolve();
  if (!options.once) {
    closers.push(
      watchFile(
        options.config,
        () => {
          reloading = reloading.then(reload);
        },
        (error) => report.problem(`${options.config} is no longer watched: ${error.message}`),
      ),
    );
  }
  const [first] = used?.rooms ?? [];
  const names = [...new Set(roomsOf({ routes: settings.routes }).map(({ room }) => nameOf(room)))];
  return {
    relay,
    room: names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more rooms` : names.join(', '),
    roomId: first?.id ?? '',
    roomPageUrl: first?.pageUrl,
  };
};

const untilSettled = async (
  settlement: Settlement,
  { relay }: Ready,
  io: CommandIo,
  report: Report,
): Promise<number> => {
  for (;;) {
    const stuck = settlement.stuck();
    if (stuck !== undefined) report.problem(stuck);
    if (stuck !== undefined || io.signal.aborted) break;
    // Another room of an object may still follow while its message is in the queue.
    if (settlement.isSettled && (await isQueueEmpty(relay)) && settlement.isSettled) break;
    await sleep(POLL_MS);
  }
  const { posted, expected } = settlement;
  report.summary(posted, expected);
  return posted === expected ? ExitCode.Done : ExitCode.Failed;
};

const isQueueEmpty = async (relay: LocalRelay): Promise<boolean> => {
  const { ready, inFlight, delayed } = await relay.countMessages('uploads');
  // The function's last lines may still be in the pipe.
  await sleep(POLL_MS);
  return ready + inFlight + delayed === 0;
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
