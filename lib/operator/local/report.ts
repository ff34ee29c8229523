import { humanSize } from '../../../lambdas/relay/domain/caption-values.ts';
import type { LocalRelay } from '../../local/index.ts';
import type { CommandIo } from '../command.ts';
import { humanDuration, palette, printable } from '../terminal.ts';
import type { RelayEvent } from './events.ts';

/** The started relay and the room it posts to. */
export interface Ready {
  readonly relay: LocalRelay;
  readonly roomId: string;
  /** The display name, such as `#general`, or several. */
  readonly room: string;
  readonly roomPageUrl: string | undefined;
}

/** The command's output, for programs (`--json`) or for people. */
export interface Report {
  ready(ready: Ready): void;
  event(event: RelayEvent): void;
  /** Explains how to upload more. */
  invite(ready: Ready, dropFolder: string): void;
  /** The settings were read again. */
  reloaded(file: string): void;
  /** The last line of `--once`. */
  summary(posted: number, expected: number): void;
  /** A problem that is not an event of an object. Printed on stderr, also with `--json`. */
  problem(text: string): void;
}

export const createReport = (io: CommandIo, json: boolean): Report => (json ? jsonReport(io) : textReport(io));

const jsonReport = (io: CommandIo): Report => {
  const print = (line: object) => io.stdout.write(`${JSON.stringify(line)}\n`);
  return {
    ready({ relay, roomId, roomPageUrl }) {
      const { endpoints, region, bucket, queueUrl, deadLetterQueueUrl, rocketChatUrl, chat } = relay;
      print({
        event: 'ready',
        s3Endpoint: endpoints.s3,
        sqsEndpoint: endpoints.sqs,
        region,
        bucket,
        queueUrl,
        deadLetterQueueUrl,
        rocketChatUrl,
        ...(chat === undefined ? {} : { userId: chat.userId, authToken: chat.authToken }),
        roomId,
        roomPageUrl,
      });
    },
    event: print,
    reloaded: (config) => print({ event: 'reloaded', config }),
    invite: () => {},
    summary: () => {},
    problem: (text) => io.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`),
  };
};

const textReport = (io: CommandIo): Report => {
  const { good, bad, warn, faint, strong } = palette(io);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  return {
    ready({ relay, room, roomPageUrl }) {
      print(`The relay is ready: s3://${relay.bucket} at ${relay.endpoints.s3} goes to ${strong(printable(room))}`);
      print(`${faint('room')}         ${roomPageUrl ?? relay.rocketChatUrl}`);
    },
    event(event) {
      const name = strong(printable(event.key || 'an unreadable message'));
      const size = event.sizeBytes === undefined ? '' : faint(` ${humanSize(event.sizeBytes)}`);
      switch (event.event) {
        case 'posted': {
          const message = event.messageId === undefined ? '' : ` as message ${printable(event.messageId)}`;
          const time = event.durationMs === undefined ? '' : ` in ${humanDuration(event.durationMs)}`;
          return print(`${good('posted')}       ${name}${size} to ${printable(event.room ?? '')}${message}${time}`);
        }
        case 'dead-lettered':
          return print(`${bad('dead letter')}  ${name}${size} ${why(event)}`);
        case 'ignored':
          return print(`${faint('ignored')}      ${name}${size} ${printable(event.detail ?? event.reason)}`);
        case 'retrying': {
          const when = event.delayMs === undefined ? '' : `, again in ${humanDuration(event.delayMs)}`;
          return print(`${warn('waiting')}      ${name}${size} ${why(event)}${when}`);
        }
        default:
          event satisfies never;
      }
    },
    invite({ relay, roomPageUrl }, dropFolder) {
      const s3 = relay.endpoints.s3;
      print('');
      print(`Upload more, until Ctrl-C:`);
      print(`  drop files into  ${strong(printable(dropFolder))}`);
      print(`  curl -T FILE ${s3}/${relay.bucket}/`);
      print(`  AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=${relay.region} \\`);
      print(`    aws --endpoint-url ${s3} s3 cp FILE s3://${relay.bucket}/`);
      if (roomPageUrl !== undefined) print(`See them arrive:   ${roomPageUrl}`);
      print('');
    },
    reloaded: (file) => print(`${faint('settings')}     ${printable(file)} was read again`),
    summary(posted, expected) {
      print(posted === expected ? `All ${expected} posted.` : `${posted} of ${expected} posted.`);
    },
    problem(text) {
      const [first = '', ...rest] = text.split('\n').map(printable);
      io.stderr.write(
        `${[`${bad('problem')}      ${first}`, ...rest.map((line) => `             ${line}`)].join('\n')}\n`,
      );
    },
  };
};

const why = ({ reason, detail }: { reason: string; detail: string | undefined }): string =>
  printable(detail === undefined ? reason : `${reason}: ${detail}`);
