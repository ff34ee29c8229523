import type { Failure } from './failure.ts';

// Why a delivery waits although no call failed.

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

export const notFoundYet: Failure = {
  kind: 'transient',
  reason: 'NOT_POSTED',
  detail: 'a confirm had no answer and the room does not show the message yet; looking again before it is repeated',
};

export const outOfTime = (sizeBytes: number): Failure => ({
  kind: 'transient',
  reason: 'OUT_OF_TIME',
  detail: `the invocation has too little time left${sizeBytes > 0 ? ` for ${sizeBytes} bytes` : ''}; a fresh one takes it`,
});
