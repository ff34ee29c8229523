import { type Answer, failure, forbidden, success, tooManyRequests, unauthorized } from '../http/answer.ts';
import { readBytes, reset, sendEndlessly, sendHalf, whenClosed } from '../http/connection.ts';
import { answerToError, MeteorError } from '../http/meteor-error.ts';
import { rateLimitHeaders } from '../state/rate-limit.ts';
import type { Commit } from './endpoint.ts';
import type { Fault } from './fault.ts';
import { type Outcome, type Reply, type Running, reply, SILENT } from './running-call.ts';

const STORAGE_FAULT = 'connect ECONNREFUSED 10.0.0.7:9000';

/** Applies faults that occur before the body is read. `undefined`: the call continues. */
export const faultBeforeReading = async (running: Running): Promise<Outcome | undefined> => {
  const { fault, service } = running;
  switch (fault?.kind) {
    case 'reset-before':
      return drop(running);
    case 'reset-in-body':
      await readBytes(running, fault.afterBytes);
      return drop(running);
    case 'hang':
      return fault.unread && !fault.commit ? hang(running) : undefined;
    case 'delay':
      await service.timers.sleep(fault.delayMs);
      return undefined;
    case 'answer':
      return fault.commit ? undefined : proxyAnswer(running, fault);
    case 'unauthorized':
      return reply(running, unauthorized());
    case 'forbidden':
      return reply(running, forbidden(service.world.version));
    case 'rate-limited':
      return rateLimited(running, fault.resetInMs);
    case 'expire-uploads':
      service.world.uploads.expireAll();
      return undefined;
    case 'redirect':
      return redirect(running, fault);
    default:
      return undefined;
  }
};

/** Applies faults that occur after the request was read and before it is carried out. `undefined`: the call continues. */
export const faultBeforeCommit = async (running: Running, commit: Commit): Promise<Outcome | undefined> => {
  const { fault } = running;
  if (fault?.kind === 'commit-late') return commitLate(running, fault, commit);
  if (fault?.kind === 'hang' && !fault.commit) return hang(running);
  return fault && 'commit' in fault && fault.commit ? undefined : answerInstead(running);
};

/** Applies faults that occur after the call was carried out. `undefined`: the answer is sent. */
export const faultAfterCommit = async (running: Running, answer: Answer): Promise<Outcome | undefined> => {
  const { fault } = running;
  if (fault?.kind === 'reset-after') return drop(running);
  if (fault?.kind === 'hang') return hang(running);
  if (fault?.kind === 'reset-in-answer') {
    const { status, headers, body } = reply(running, answer);
    await sendHalf(running, status, headers, body);
    return SILENT;
  }
  return answerInstead(running);
};

/** Wrong answers that replace the endpoint's, before or after the call was carried out. */
const answerInstead = async (running: Running): Promise<Outcome | undefined> => {
  const { fault } = running;
  switch (fault?.kind) {
    case 'answer':
      return proxyAnswer(running, fault);
    case 'failure':
      return reply(running, failureAnswer(running, fault));
    case 'invalid-json':
      return { ...reply(running, success({})), body: fault.body ?? '{"success":tr' };
    case 'endless-answer':
      await sendEndlessly(running, { ...running.headers, 'Content-Type': 'application/json' });
      return SILENT;
    default:
      return undefined;
  }
};

const failureAnswer = ({ service }: Running, { error, errorType }: Fault & { kind: 'failure' }): Answer => {
  if (errorType === undefined) return failure(error ?? STORAGE_FAULT);
  return answerToError(new MeteorError(errorType, error), service.world.version);
};

const drop = (running: Running): Outcome => {
  reset(running);
  return SILENT;
};

const hang = async (running: Running): Promise<Outcome> => {
  await whenClosed(running);
  return SILENT;
};

const commitLate = async (running: Running, fault: Fault & { kind: 'commit-late' }, commit: Commit) => {
  if (fault.hold) await whenClosed(running);
  else reset(running);
  running.service.timers.after(fault.delayMs, () => {
    try {
      running.call.committed = commit().status === 200;
    } catch {
      // For example, the upload has expired. Nothing is posted, and no client waits for the error.
    }
  });
  return SILENT;
};

const proxyAnswer = (running: Running, fault: Fault & { kind: 'answer' }): Reply => ({
  kind: 'reply',
  status: fault.status,
  headers: {
    ...running.headers,
    'Content-Type': fault.contentType ?? 'text/html',
    ...fault.headers,
    ...(fault.closes && { Connection: 'close' }),
  },
  body:
    fault.body ??
    `<html>\r\n<head><title>${fault.status}</title></head>\r\n<body>${fault.status}</body>\r\n</html>\r\n`,
});

const rateLimited = (running: Running, resetInMs: number | undefined): Reply => {
  if (resetInMs !== undefined) {
    const resetAt = running.service.world.clock.now() + resetInMs;
    Object.assign(running.headers, rateLimitHeaders({ isAllowed: false, limit: 10, remaining: 0, resetAt }));
  }
  return reply(running, tooManyRequests(Math.ceil((resetInMs ?? 60_000) / 1000)));
};

const redirect = (running: Running, fault: Fault & { kind: 'redirect' }): Reply => ({
  kind: 'reply',
  status: fault.status ?? 302,
  headers: { ...running.headers, Location: fault.location ?? 'http://elsewhere.invalid/' },
  body: '',
});
