import type { CommandIo } from '../command.ts';
import { printable } from '../terminal.ts';
import { createPlainReport } from './plain-report.ts';
import type { Report } from './report.ts';
import { createTerminalReport } from './terminal-report.ts';

/** For programs with `--json`, for people on a terminal, or for a pipe. */
export const createReport = (
  io: CommandIo,
  options: { readonly json: boolean; readonly quiet: boolean; readonly hasKeys: boolean },
): Report => {
  if (options.json) return createJsonReport(io);
  return io.isTerminal && io.env['TERM'] !== 'dumb'
    ? createTerminalReport(io, options)
    : createPlainReport(io, options);
};

const createJsonReport = (io: CommandIo): Report => {
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
    queues: () => {},
    lines: () => {},
    reloaded: (config) => print({ event: 'reloaded', config }),
    problem: (text) => io.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`),
    summary: () => {},
    stopped: () => {},
    close: () => {},
  };
};
