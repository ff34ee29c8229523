import type { Failure } from './failure.ts';

// Why a delivery waits or is given up although no call failed.

export const limited = (call: 'media' | 'confirm'): Failure => ({
  kind: 'throttled',
  reason: 'RATE_LIMITED',
  detail: `waits for its turn under the server's rate limit (rooms.${call === 'media' ? 'media' : 'mediaConfirm'})`,
  retryAt: undefined,
});

export const leased: Failure = {
  kind: 'transient',
  reason: 'LEASED',
  detail: 'another delivery of the same object is at work',
};

export const olderPending: Failure = {
  kind: 'transient',
  reason: 'LEASED',
  detail: 'an older version of the key is still being delivered, and what is done with this one depends on it',
};

export const superseded: Failure = {
  kind: 'gone',
  reason: 'SUPERSEDED',
  detail: 'a newer version of the same key was claimed before this one was posted',
};

export const notDue: Failure = {
  kind: 'transient',
  reason: 'LEASED',
  detail: 'the message came back for another of its rooms; this one is tried again at its own time',
};

export const notFoundYet: Failure = {
  kind: 'transient',
  reason: 'NOT_POSTED',
  detail:
    'the answer to a confirm left open whether the message was posted, and the room does not show it yet; ' +
    'the relay looks again before it repeats the confirm',
};

export const dropped: Failure = {
  kind: 'refused',
  reason: 'MESSAGE_DROPPED',
  detail:
    'the server answered three confirms without a message, and the room does not show one: an app drops the message, ' +
    'or the bot loses its access during the call',
};

export const leasedTooLong: Failure = {
  kind: 'refused',
  reason: 'LEDGER_ENTRY_INVALID',
  detail: 'the lease of the ledger entry ends later than any that the relay writes',
};

export const outOfTime = (sizeBytes: number): Failure => ({
  kind: 'transient',
  reason: 'OUT_OF_TIME',
  detail: `the invocation has too little time left${sizeBytes > 0 ? ` for ${sizeBytes} bytes` : ''}; a fresh one takes it`,
});
