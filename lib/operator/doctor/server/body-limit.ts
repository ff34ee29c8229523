import { Readable } from 'node:stream';
import { humanSize } from '../../../../lambdas/relay/domain/caption.ts';
import { ChatAnswerError, ChatUnreachableError } from '../../../../lambdas/relay/domain/errors.ts';
import { classify } from '../../../../lambdas/relay/domain/failure.ts';
import { type Check, type Finding, found, ok, Skipped } from '../check.ts';
import { roomsOf } from '../rooms-of.ts';
import { botOf, uploadSettingsOf } from '../world.ts';

/** Uploads one file and never confirms it: no message appears, and the server deletes the file after 24 hours. */
export const bodyLimit: Check = {
  name: 'body-limit',
  group: 'server',
  needs: 'server',
  about: 'a proxy in front of the server lets uploads through (uploads a file; only with --probe)',
  async run(world) {
    const { probeBytes: sizeBytes, chat, signal } = world;
    if (sizeBytes === undefined) throw new Skipped('only with --probe, which uploads a file');
    await botOf(world);
    const max = (await uploadSettingsOf(world)).get('FileUpload_MaxFileSize');
    if (typeof max === 'number' && max >= 0 && sizeBytes > max) {
      throw new Skipped(`--probe is more than the server's own limit of ${humanSize(max)}; see the check file-size`);
    }
    const [first] = roomsOf(world.settings);
    if (first === undefined) throw new Skipped('the settings name no room');
    const roomId = await chat.rooms.resolve(first.room, first.threadId, { signal }).catch((error: unknown) => {
      if (classify(error, 'room').kind === 'misconfigured')
        throw new Skipped('the room cannot be used; see the check rooms');
      throw error;
    });
    const body = Readable.from(zeros(sizeBytes));
    const source = { sizeBytes, contentType: 'application/octet-stream', body, close: () => void body.destroy() };
    try {
      await chat.chat.uploadMedia(
        roomId,
        { name: 'relay-doctor.bin', contentType: source.contentType, source },
        { signal },
      );
      return ok(`${humanSize(sizeBytes)} get through`);
    } catch (error) {
      const failure = classify(error, 'media');
      const size = humanSize(sizeBytes);
      const finding = (what: string): Finding => ({
        level: 'problem',
        what,
        why: 'A file of that size becomes a dead letter (FILE_TOO_LARGE), or waits and fails again (CHAT_UNREACHABLE).',
        mend:
          'raise the limit of the proxy at least to FileUpload_MaxFileSize; nginx: client_max_body_size 100m; (its default is ' +
          `1m), then nginx -s reload. To try again: npx relay doctor body-limit --probe ${Math.ceil(sizeBytes / MIB)} ${world.option}`,
      });
      if (failure.httpStatus === 413)
        return found(`${size} are refused`, finding(`A proxy refuses an upload of ${size} with 413.`));
      if (error instanceof ChatUnreachableError && error.code === 'CONNECTION_LOST') {
        return found(
          `${size} do not get through`,
          finding(`The connection is lost during an upload of ${size}, as by a proxy that refuses it.`),
        );
      }
      if (error instanceof ChatAnswerError && failure.kind === 'refused')
        throw new Skipped(`the server refuses the probe: ${error.message}`);
      throw error;
    } finally {
      source.close();
    }
  },
};

const MIB = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

function* zeros(sizeBytes: number): Generator<Buffer> {
  for (let left = sizeBytes; left > 0; left -= CHUNK_BYTES) yield Buffer.alloc(Math.min(left, CHUNK_BYTES));
}
