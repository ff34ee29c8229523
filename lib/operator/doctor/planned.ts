import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { type Settings, settingsEntries } from '../../../lambdas/relay/domain/settings.ts';
import { type CommandIo, UsageError } from '../command.ts';
import { type ChatClients, createChatClients } from '../target/chat.ts';

/** What the checks of the chat server need of a relay that is not deployed. */
export interface Planned {
  readonly rocketChatUrl: string;
  readonly settings: Settings;
  readonly credentials: { readonly userId: string; readonly authToken: string };
}

/** The keys that the checks need. `npx cdk synth` checks all of them. */
const RelaySchema = v.object({
  rocketChatUrl: v.pipe(
    v.string('must be a URL'),
    v.url('must be a URL'),
    v.regex(/^https?:/, 'must be a URL with https'),
  ),
  ...settingsEntries,
});

/**
 * Reads the context key `relay` of a cdk.json, and the token from the environment.
 * @throws UsageError
 */
export const readPlanned = (file: string, io: Pick<CommandIo, 'cwd' | 'env'>): Planned => {
  const relay = relayIn(file, io.cwd);
  const parsed = v.safeParse(RelaySchema, relay);
  if (!parsed.success) {
    const faults = parsed.issues.map((issue) => `relay.${v.getDotPath(issue) ?? ''} ${issue.message}`);
    throw new UsageError(`--config ${file}: ${faults.join('; ')}. docs/configuration.md documents every key.`);
  }
  const { rocketChatUrl, ...settings } = parsed.output;
  const { ROCKETCHAT_USER_ID: userId, ROCKETCHAT_AUTH_TOKEN: authToken } = io.env;
  if (!userId || !authToken) {
    throw new UsageError(
      "--config needs the bot's user id and personal access token in the environment: ROCKETCHAT_USER_ID and " +
        'ROCKETCHAT_AUTH_TOKEN. Rocket.Chat shows both once, when you create a token under My Account, Personal Access Tokens.',
    );
  }
  return { rocketChatUrl: rocketChatUrl.replace(/\/+$/, ''), settings, credentials: { userId, authToken } };
};

const relayIn = (file: string, cwd: string): unknown => {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(resolve(cwd, file), 'utf8'));
  } catch (error) {
    throw new UsageError(`--config ${file} can't be read: ${error instanceof Error ? error.message : error}`);
  }
  return (json as { context?: { relay?: unknown } } | null)?.context?.relay ?? {};
};

/** The function's own client, with a token that is not in a secret yet. */
export const chatBeforeDeployment = ({ rocketChatUrl, credentials }: Planned): ChatClients =>
  createChatClients(rocketChatUrl, () => ({ current: async () => credentials, renew: async () => false }));
