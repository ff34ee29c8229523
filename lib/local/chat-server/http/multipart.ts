import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import type { Content, Contents } from '../state/contents.ts';
import type { World } from '../state/world.ts';
import { ClientGoneError } from './meteor-error.ts';
import { type MultipartRules, multipartRules } from './multipart-rules.ts';

export interface ReceivedFile {
  /** The decoded base name; empty if the part has no file name. */
  readonly name: string;
  readonly declaredType: string;
  readonly content: Content;
}

export interface ReceivedForm {
  readonly file: ReceivedFile;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Reads a multipart form with one part `file` as a stream. Rejects at the point where the real server's version detects
 * the error, then reads and discards the rest of the body, as the real server does.
 * @throws MeteorError or busboy's Error if the form is refused; ClientGoneError if the client closes the connection
 */
export const receiveForm = (
  incoming: IncomingMessage,
  world: Pick<World, 'version' | 'settings' | 'contents'>,
): Promise<ReceivedForm> => {
  const rules = multipartRules(world.version, world.settings.FileUpload_MaxFileSize);
  return new Promise((resolve, reject) => {
    // Throws, and so rejects, if the content type is not a form or has no boundary.
    const parser = busboy({ headers: incoming.headers, defParamCharset: 'utf8', limits: rules.limits });
    const fields = new Map<string, string>();
    let received: ReceivedFile | undefined;

    const fail = (error: Error) => {
      reject(error);
      incoming.unpipe(parser);
      incoming.resume();
    };

    parser.on('field', (name, value) => fields.set(name, value));
    parser.on('file', (fieldName, stream, info) => {
      receiveFile(fieldName, stream, rules, {
        contents: world.contents,
        fail,
        done: (content) => {
          if (received) return fail(rules.tooManyFiles());
          received = { name: info.filename ?? '', declaredType: info.mimeType, content };
        },
      });
    });
    parser.on('filesLimit', () => fail(rules.tooManyFiles()));
    parser.on('error', (error) => fail(rules.brokenForm(error)));
    parser.on('finish', () => (received ? resolve({ file: received, fields }) : fail(rules.noFile())));

    incoming.on('close', () => {
      if (!incoming.complete) reject(new ClientGoneError());
    });
    incoming.pipe(parser);
  });
};

interface FileOutcome {
  readonly contents: Contents;
  fail(error: Error): void;
  done(content: Content): void;
}

/** Reads a part to its end. Hashing is synchronous, so no chunks are buffered. */
const receiveFile = (
  fieldName: string,
  stream: Readable & { truncated?: boolean },
  rules: MultipartRules,
  outcome: FileOutcome,
): void => {
  if (rules.rejectsFieldEarly && fieldName !== 'file') {
    // A later error in this part does not change the answer.
    stream.on('error', () => undefined).resume();
    outcome.fail(rules.wrongField());
    return;
  }
  const writer = outcome.contents.write();
  stream.on('data', (chunk: Buffer) => writer.write(chunk));
  stream.on('error', (error) => outcome.fail(rules.brokenFile(error)));
  stream.on('end', () => {
    if (stream.truncated) return outcome.fail(rules.tooLarge());
    if (fieldName !== 'file') return outcome.fail(rules.wrongField());
    outcome.done(writer.finish());
  });
};
