/**
 * Frees the memory of a chunk that is no longer read. Otherwise the chunks of a stream stay in memory until the next
 * garbage collection (figures: docs/decisions/2026-11-23-memory-time-out-in-flight.md).
 *
 * Only a chunk that does not share its ArrayBuffer is freed; otherwise the rest of the buffer may be in use. A freed
 * chunk has no bytes, so the length check fails if it is freed too early.
 *
 * Node 20, which may run the operator's command, has no `transfer`; there the chunks wait for the garbage collection.
 */
export const giveBack = ({ buffer, byteLength }: Uint8Array): void => {
  if (byteLength > 0 && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer?.(0);
};
