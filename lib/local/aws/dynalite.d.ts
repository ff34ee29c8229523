// dynalite ships no types; this is the little that is used of it.
declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** @param options.createTableMs how long a new table stays in CREATING. @default 500 */
  export default function dynalite(options?: { createTableMs?: number }): Server;
}
