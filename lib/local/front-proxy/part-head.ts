import type { IncomingMessage } from 'node:http';

const MAX_HEAD_BYTES = 16 * 1024;

/** Reads a form up to the end of its first part's headers, or at most 16 KiB. Leaves the request paused. */
export const readPartHead = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve) => {
    let start = Buffer.alloc(0);
    const stop = () => {
      request.pause();
      request.off('data', onData).off('end', stop).off('close', stop);
      resolve(start);
    };
    const onData = (chunk: Buffer) => {
      start = Buffer.concat([start, chunk]);
      if (start.includes('\r\n\r\n') || start.length >= MAX_HEAD_BYTES) stop();
    };
    request.on('data', onData).once('end', stop).once('close', stop);
  });

/** The file's name in the headers of a part, and whether it is given as `filename*` (RFC 8187), too. */
export const fileNameIn = (partHead: Buffer): { name: string; isExtended: boolean } => {
  const disposition = /^content-disposition:.*$/im.exec(partHead.toString('utf8'))?.[0] ?? '';
  const extended = /;\s*filename\*=UTF-8''([^;\s]*)/i.exec(disposition)?.[1];
  const plain = /;\s*filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  return {
    name: extended === undefined ? (plain ?? '') : decodeURIComponent(extended),
    isExtended: extended !== undefined,
  };
};
