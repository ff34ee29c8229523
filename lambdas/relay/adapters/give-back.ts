/**
 * Frees the memory of a chunk that is no longer read. Left to the garbage collector, the chunks of a stream stay in memory
 * until its next run (figures: docs/decisions/2026-11-23-memory-time-out-in-flight.md).
 *
 * Only a chunk that has its ArrayBuffer to itself is freed; otherwise the rest of the buffer may be in use. A freed chunk
 * has no bytes: freed too early, it makes the length check fail.
 */
export const giveBack = ({ buffer, byteLength }: Uint8Array): void => {
  if (byteLength > 0 && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
};
