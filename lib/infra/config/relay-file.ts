import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigurationError } from './configuration-error.ts';
import { type RelayContext, readRelayContext } from './context.ts';

/**
 * Reads the context key `relay` of `cdk.json`, or of a file of the same shape. `rocketChatUrl` may be missing: it is often
 * given on the command line of `cdk`.
 *
 * @param file an absolute path; the path of `certificateAuthorityFile` is relative to its folder
 * @throws ConfigurationError that names the file and every fault
 */
export const readRelayFile = (file: string): RelayContext => {
  const relay = relayIn(file);
  const { certificateAuthorityFile } = relay;
  const input = {
    rocketChatUrl: 'https://chat.example.com',
    ...relay,
    ...(typeof certificateAuthorityFile === 'string' && {
      certificateAuthorityFile: path.resolve(path.dirname(file), certificateAuthorityFile),
    }),
  };
  try {
    return readRelayContext((key) => (key === 'relay' ? input : undefined));
  } catch (error) {
    if (error instanceof ConfigurationError)
      throw new ConfigurationError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
};

const relayIn = (file: string): Readonly<Record<string, unknown>> => {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const fault = error instanceof SyntaxError ? `is not JSON: ${why}` : `can't be read: ${why}`;
    throw new ConfigurationError(`${file} ${fault}`, { cause: error });
  }
  const relay = isObject(json) && isObject(json['context']) ? json['context']['relay'] : undefined;
  if (isObject(relay)) return relay;
  throw new ConfigurationError(
    `${file} has no settings of the relay: write them as {"context":{"relay":{"routes":[…]}}}, as in cdk.json`,
  );
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
