import { type Answer, tooManyRequests, unauthorized } from '../http/answer.ts';
import { drain } from '../http/connection.ts';
import { AnswerError, answerToError, ClientGoneError } from '../http/meteor-error.ts';
import { rateLimitHeaders } from '../state/rate-limit.ts';
import { findUser, type User } from '../state/users.ts';
import type { ServerVersion } from '../state/world.ts';
import { faultAfterCommit, faultBeforeCommit, faultBeforeReading } from './apply-fault.ts';
import type { ApiRequest, Commit, Endpoint } from './endpoint.ts';
import { type Outcome, type Running, reply, SILENT } from './running-call.ts';

/**
 * Processes one call in the order of Rocket.Chat's `ApiClass.ts`: login, rate limit, endpoint. The call's fault is applied
 * before the body is read, before the call is carried out, or before the answer is sent.
 */
export const performCall = async (running: Running, endpoint: Endpoint, request: ApiRequest): Promise<Outcome> => {
  const early = await faultBeforeReading(running);
  if (early) return early;
  const commit = await admit(running, endpoint, request);
  if (commit === undefined) return SILENT;
  const instead = await faultBeforeCommit(running, commit);
  if (instead) return instead;
  const answer = answerOf(commit, running.service.world.version);
  running.call.committed = answer.status === 200;
  return (await faultAfterCommit(running, answer)) ?? reply(running, answer);
};

/** Carries the call out. An error that the endpoint throws becomes the answer. */
const answerOf = (commit: Commit, version: ServerVersion): Answer => {
  try {
    return commit();
  } catch (error) {
    return answerToError(error, version);
  }
};

/** Reads the request. A refusal is returned as a commit that throws; `undefined` means that the client has left. */
const admit = async (running: Running, endpoint: Endpoint, request: ApiRequest): Promise<Commit | undefined> => {
  try {
    return await checkAndPrepare(running, endpoint, request);
  } catch (error) {
    if (error instanceof ClientGoneError) return undefined;
    // 7.x reads the whole request before it answers; 8.x may answer while the client is still sending.
    if (running.service.world.version === '7.x') await drain(running);
    return () => {
      throw error;
    };
  }
};

/** @throws AnswerError with 401 (not counted by the rate limit, and without its headers) or 429 */
const checkAndPrepare = async (running: Running, endpoint: Endpoint, request: ApiRequest): Promise<Commit> => {
  const { world } = running.service;
  const { headers, socket } = request.incoming;
  const user = findUser(world.users, single(headers['x-user-id']), single(headers['x-auth-token']));
  const prepare = prepareAs(endpoint, user);
  const lifted = user !== undefined && (user.permissions.includes('api-bypass-rate-limit') || isLifted(endpoint, user));
  const route = `${endpoint.path} ${endpoint.method}`;
  const ruling = lifted ? undefined : world.limiter.count(route, socket.remoteAddress ?? '', endpoint.limit);
  if (ruling) Object.assign(running.headers, rateLimitHeaders(ruling));
  if (ruling && !ruling.isAllowed) {
    throw new AnswerError(tooManyRequests(Math.ceil((ruling.resetAt - world.clock.now()) / 1000)));
  }
  return prepare(request);
};

const isLifted = ({ limit }: Endpoint, user: User): boolean =>
  limit !== undefined && user.permissions.includes(limit.liftedBy);

const prepareAs = (endpoint: Endpoint, user: User | undefined) => {
  if (endpoint.access === 'anyone') return endpoint.prepare;
  if (!user) throw new AnswerError(unauthorized());
  return (request: ApiRequest) => endpoint.prepare(request, user);
};

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
