import { type Answer, tooManyRequests, unauthorized } from '../http/answer.ts';
import { drain } from '../http/connection.ts';
import { AnswerError, answerToError, ClientGoneError } from '../http/meteor-error.ts';
import { rateLimitHeaders } from '../state/rate-limit.ts';
import { findUser, type User } from '../state/users.ts';
import type { ApiRequest, Commit, Endpoint } from './endpoint.ts';
import { faultAfterCommit, faultBeforeCommit, faultBeforeReading } from './fault-stages.ts';
import { type Outcome, type Running, reply, SILENT } from './running.ts';

/**
 * One call of an endpoint, in the order of Rocket.Chat's `ApiClass.ts`: login, rate limit, the endpoint itself. A
 * scripted fault gets its chance before the body is read, before the work is done, and before the answer goes out.
 */
export const performCall = async (running: Running, endpoint: Endpoint, request: ApiRequest): Promise<Outcome> => {
  const early = await faultBeforeReading(running);
  if (early) return early;
  const commit = await admit(running, endpoint, request);
  if (commit === undefined) return SILENT;
  const instead = await faultBeforeCommit(running, commit);
  if (instead) return instead;
  const answer = settle(commit);
  running.call.committed = answer.status === 200;
  return (await faultAfterCommit(running, answer)) ?? reply(running, answer);
};

/** Whatever an endpoint throws becomes its answer. */
export const settle = (commit: Commit): Answer => {
  try {
    return commit();
  } catch (error) {
    return answerToError(error);
  }
};

/** Reads the request; `undefined` where the client has left. A refusal is a commit too: one that throws. */
const admit = async (running: Running, endpoint: Endpoint, request: ApiRequest): Promise<Commit | undefined> => {
  try {
    return await checkAndPrepare(running, endpoint, request);
  } catch (error) {
    if (error instanceof ClientGoneError) return undefined;
    // 7.x takes the whole request before it looks at it; 8.x may answer while the client is still sending.
    if (running.service.world.version === '7.x') await drain(running);
    return () => {
      throw error;
    };
  }
};

/** @throws AnswerError 401, which is neither counted nor given headers, or 429 */
const checkAndPrepare = async (running: Running, endpoint: Endpoint, request: ApiRequest): Promise<Commit> => {
  const { world } = running.service;
  const { headers, socket } = request.incoming;
  const user = findUser(world.users, single(headers['x-user-id']), single(headers['x-auth-token']));
  const prepare = prepareAs(endpoint, user);
  const ruling = world.limiter.count(`${endpoint.path} ${endpoint.method}`, socket.remoteAddress ?? '');
  if (ruling) Object.assign(running.headers, rateLimitHeaders(ruling));
  if (ruling && !ruling.isAllowed) {
    throw new AnswerError(tooManyRequests(Math.ceil((ruling.resetAt - world.clock.now()) / 1000)));
  }
  return prepare(request);
};

const prepareAs = (endpoint: Endpoint, user: User | undefined) => {
  if (endpoint.access === 'anyone') return endpoint.prepare;
  if (!user) throw new AnswerError(unauthorized());
  return (request: ApiRequest) => endpoint.prepare(request, user);
};

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
