import type { RelayEvent } from './events.ts';

/** What happened to the files since the start. */
export interface Totals {
  readonly posted: number;
  readonly postedBytes: number;
  readonly ignored: number;
}

/** The queues' messages at one moment. */
export interface QueueTotals {
  /** Files that wait or are being posted. */
  readonly waiting: number;
  readonly deadLetters: number;
}

export const createTotals = (): Totals & { note(event: RelayEvent): void } => {
  let posted = 0;
  let postedBytes = 0;
  let ignored = 0;
  return {
    get posted() {
      return posted;
    },
    get postedBytes() {
      return postedBytes;
    },
    get ignored() {
      return ignored;
    },
    note(event) {
      if (event.event === 'ignored') ignored += 1;
      if (event.event !== 'posted') return;
      posted += 1;
      postedBytes += event.sizeBytes ?? 0;
    },
  };
};
