import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { createSendHttp, DEFAULT_TIME_LIMITS } from '../../../lambdas/relay/adapters/rocket-chat/http.ts';
import { type Credentials, createSecret } from '../../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import { CommandError, type CommandIo, ExitCode } from '../command.ts';
import { createOutput, type Output } from '../output.ts';
import { findTarget, type TargetOptions } from '../target/options.ts';
import type { Target } from '../target/target.ts';
import { printable } from '../terminal.ts';
import { askForCredentials } from './ask.ts';
import { createSecretVersions, type SecretVersions } from './secret-versions.ts';

export interface CredentialsOptions extends TargetOptions {
  readonly rotate?: boolean | undefined;
  /** False with `--no-check`. */
  readonly check: boolean;
}

/** Checks and stores the credentials. @returns the exit code @throws UsageError, CommandError */
export const storeCredentials = async (options: CredentialsOptions, io: CommandIo): Promise<number> => {
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const versions = createSecretVersions(target.clients.secretsManager, target.secretId);
  const verify = async (credentials: Credentials): Promise<string | undefined> =>
    options.check ? usernameOf(target, credentials, io.signal) : undefined;

  if (options.rotate && (await finishRotation(target, versions, { output, verify }))) return ExitCode.Done;
  const credentials = await askForCredentials(io, await storedUserId(target));
  const username = await verify(credentials);
  if (options.rotate) {
    await versions.storePending(credentials);
    await versions.promotePending();
  } else {
    await versions.store(credentials);
  }
  report(output, target, { isRotated: options.rotate === true, username });
  return ExitCode.Done;
};

/** Makes a pending version current that an earlier rotation left behind. False if there is none that works. */
const finishRotation = async (
  target: Target,
  versions: SecretVersions,
  { output, verify }: { output: Output; verify: (credentials: Credentials) => Promise<string | undefined> },
): Promise<boolean> => {
  if (!(await versions.hasPending())) return false;
  const pending = await readPending(target);
  if (pending === undefined) return false;
  let username: string | undefined;
  try {
    username = await verify(pending);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    output.problem('An earlier rotation was not finished, and the server refuses its token: give a new one.');
    return false;
  }
  await versions.promotePending();
  output.text(
    'An earlier rotation was not finished. Its token works, so it was finished now; run the command again to store another one.',
  );
  report(output, target, { isRotated: true, username });
  return true;
};

const readPending = async ({ clients, secretId }: Target): Promise<Credentials | undefined> => {
  const { SecretString: text = '' } = await clients.secretsManager.send(
    new GetSecretValueCommand({ SecretId: secretId, VersionStage: 'AWSPENDING' }),
  );
  try {
    const { userId, authToken } = JSON.parse(text) as Partial<Credentials>;
    return typeof userId === 'string' && typeof authToken === 'string' ? { userId, authToken } : undefined;
  } catch {
    return undefined;
  }
};

/** The user id is not secret; it is the suggested answer. */
const storedUserId = async ({ clients, secretId }: Target): Promise<string | undefined> => {
  const secret = createSecret({ client: clients.secretsManager, secretId, clock: { now: Date.now } });
  try {
    return (await secret.current()).userId;
  } catch {
    // There is none before the first token is stored.
    return undefined;
  }
};

/** @returns the name of the user whose credentials they are @throws CommandError if the server does not accept them */
const usernameOf = async (
  { rocketChatUrl }: Target,
  { userId, authToken }: Credentials,
  signal: AbortSignal,
): Promise<string> => {
  const send = createSendHttp(new URL(rocketChatUrl), { ...DEFAULT_TIME_LIMITS, callMs: 20_000 });
  const headers = { accept: 'application/json', 'x-user-id': userId, 'x-auth-token': authToken };
  let status: number;
  let text: string;
  try {
    ({ status, text } = await send({ method: 'GET', path: '/api/v1/me', headers, signal }));
  } catch (error) {
    throw new CommandError(
      `Nothing was stored, because the server could not be asked: ${error instanceof Error ? error.message : error}. ` +
        'If only the function can reach it, use --no-check.',
    );
  }
  if (status === 401) {
    throw new CommandError(
      `Nothing was stored: ${rocketChatUrl} refuses the user id and the token. Copy both again, or create a new personal ` +
        'access token (My Account, Personal Access Tokens).',
    );
  }
  const me = parseObject(text);
  if (status !== 200 || me?.['_id'] !== userId || typeof me['username'] !== 'string') {
    throw new CommandError(`Nothing was stored: ${rocketChatUrl} answered ${status} and does not name the user.`);
  }
  return me['username'];
};

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
};

const report = (
  output: Output,
  { name, secretId, rocketChatUrl, option }: Target,
  { isRotated, username }: { isRotated: boolean; username: string | undefined },
): void => {
  const whose = username === undefined ? '(not checked)' : `of ${printable(username)}`;
  const next = isRotated
    ? `The old token still works. Revoke it now on ${rocketChatUrl} (My Account, Personal Access Tokens): the function reads the new one when the old one is refused.`
    : `The function reads it when it starts, and when the server refuses the one it has. To check everything: npx relay doctor ${option}`;
  output.record(
    { event: isRotated ? 'rotated' : 'stored', secretId, username },
    `${output.good(isRotated ? 'rotated' : 'stored')}  the token ${whose} is the current version of the secret of ${name}.\n${next}`,
  );
};
