import { resolve } from 'node:path';
import { lookup } from 'mrmime';
import { caption, DEFAULT_CAPTION, humanSize } from '../../../lambdas/relay/domain/caption.ts';
import { classify } from '../../../lambdas/relay/domain/failure.ts';
import type { Chat, Rooms } from '../../../lambdas/relay/ports.ts';
import { type CommandIo, ExitCode } from '../command.ts';
import { createOutput, type Output } from '../output.ts';
import { createProgress, type Progress } from '../progress.ts';
import { chatOf } from '../target/chat.ts';
import { findTarget, type TargetOptions } from '../target/options.ts';
import { printable } from '../terminal.ts';
import { filesOf, type LocalFile, openFile } from './local-files.ts';

export interface SendOptions extends TargetOptions {
  readonly room: string;
  readonly caption?: string | undefined;
}

/** Posts files one after another. @returns the exit code @throws UsageError, CommandError */
export const sendFiles = async (paths: readonly string[], options: SendOptions, io: CommandIo): Promise<number> => {
  const files = filesOf(paths.map((path) => resolve(io.cwd, path)));
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const { chat, rooms } = chatOf(target);
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const progress = createProgress(io, { total, format: humanSize });
  let failed = 0;
  for (const file of files) {
    if (io.signal.aborted) return ExitCode.Failed;
    failed += (await sendFile(file, options, { chat, rooms, progress, output, signal: io.signal })) ? 0 : 1;
  }
  return failed === 0 ? ExitCode.Done : ExitCode.Failed;
};

const sendFile = async (
  { path, name, sizeBytes }: LocalFile,
  { room, caption: template = DEFAULT_CAPTION }: SendOptions,
  {
    chat,
    rooms,
    progress,
    output,
    signal,
  }: { chat: Chat; rooms: Rooms; progress: Progress; output: Output; signal: AbortSignal },
): Promise<boolean> => {
  const contentType = lookup(name) ?? 'application/octet-stream';
  const source = openFile(path, sizeBytes, contentType, progress);
  let call: Parameters<typeof classify>[1] = 'room';
  try {
    const roomId = await rooms.resolve(room, undefined, { signal });
    call = 'media';
    const { fileId } = await chat.uploadMedia(roomId, { name, contentType, source }, { signal });
    call = 'confirm';
    const text = caption(template, { bucket: '', key: name, sizeBytes }, name);
    const { messageId } = await chat.confirmMedia({ roomId, fileId }, { text }, { signal });
    progress.end();
    output.record(
      { event: 'posted', file: path, room, roomId, messageId, sizeBytes },
      `${output.good('posted')}  ${output.strong(printable(name))} ${output.faint(humanSize(sizeBytes))} to ${printable(room)} as message ${messageId}`,
    );
    return true;
  } catch (error) {
    progress.end();
    const { reason, detail } = classify(error, call);
    output.record(
      { event: 'failed', file: path, room, sizeBytes, reason, detail },
      `${output.bad('failed')}  ${output.strong(printable(name))} ${output.faint(humanSize(sizeBytes))} ${reason}: ${printable(detail)}`,
    );
    return false;
  } finally {
    source.close();
  }
};
