import type { IncomingMessage } from 'node:http';

/**
 * Frees the memory of bytes that nobody reads any more, at once. Left to the garbage collector, every piece that passes
 * lies in memory until its next round: a stream then takes all the memory it may have, and reads into cold memory.
 *
 * Only memory that the piece has for itself; of a part of something larger the rest may still be in use. The piece is
 * empty from then on: whoever is wrong about "nobody" finds too few bytes, not wrong ones.
 */
export const giveBack = ({ buffer, byteLength }: Uint8Array): void => {
  if (byteLength > 0 && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
};

/**
 * Gives back what is read from an answer's socket, where Node's HTTP parser hands on copies of it, which is not
 * documented: nothing is given back before that was seen. To be called before the body is read.
 */
export const giveBackReads = (answer: IncomingMessage): void => {
  const { socket } = answer;
  let areCopied = false;
  let parsing: Buffer | undefined;
  const beforeParser = (read: Buffer) => {
    // Only then what is handed on next is of this very read, and of nothing that waited.
    const isPassedAtOnce = answer.readableFlowing === true && answer.readableLength === 0;
    parsing = isPassedAtOnce ? read : undefined;
  };
  const afterParser = (read: Buffer) => {
    parsing = undefined;
    if (areCopied) giveBack(read);
  };
  const observe = (piece: Buffer) => {
    if (parsing === undefined) return;
    areCopied = piece.buffer !== parsing.buffer;
    answer.off('data', observe);
    socket.off('data', beforeParser);
  };
  socket.prependListener('data', beforeParser).on('data', afterParser);
  answer.on('data', observe);
  // The connection's next request has another parser's listener, after which these would come too early.
  answer.once('end', () => socket.off('data', beforeParser).off('data', afterParser));
};
