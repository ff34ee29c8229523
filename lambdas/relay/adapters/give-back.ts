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
