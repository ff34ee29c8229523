// dynalite has no types. These cover only what is used here.
declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** @param options.createTableMs how long a new table has the status CREATING. @default 500 */
  export default function dynalite(options?: { createTableMs?: number }): Server;
}
