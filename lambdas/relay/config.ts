import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { type AwsEnvironment, readAwsEnvironment } from './aws-environment.ts';
import { type Settings, SettingsSchema } from './domain/settings.ts';
import { Env, OptionalEnv, SETTINGS_FILE } from './names.ts';

export interface Config {
  readonly aws: AwsEnvironment;
  readonly rocketChatUrl: URL;
  readonly rocketChatProxyUrl: URL | undefined;
  readonly secretId: string;
  readonly ledgerTable: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly bucketNames: readonly string[];
  readonly maxReceiveCount: number;
  readonly isTracing: boolean;
  readonly settings: Settings;
}

/**
 * Reads the function's environment and the settings file of its bundle. One error reports all faults, because a
 * function that can't start is visible only in its log.
 *
 * @throws Error
 */
export const readConfig = (env: Readonly<Record<string, string | undefined>>): Config => {
  const faults: string[] = [];
  const text = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') faults.push(`environment variable ${name} is not set`);
    return value ?? '';
  };

  const rocketChatUrl = parseUrl(text(Env.RocketChatUrl), faults);
  const rocketChatProxyUrl = parseProxyUrl(env[OptionalEnv.RocketChatProxyUrl], faults);
  const secretId = text(Env.SecretId);
  const ledgerTable = text(Env.LedgerTable);
  const queueUrl = text(Env.QueueUrl);
  const deadLetterQueueUrl = text(Env.DeadLetterQueueUrl);
  const bucketNames = text(Env.BucketNames).split(',');
  const maxReceiveCount = parseCount(text(Env.MaxReceiveCount), faults);
  const aws = readAwsEnvironment(env, text);
  const settings = readSettings(path.join(env['LAMBDA_TASK_ROOT'] ?? '.', SETTINGS_FILE), faults);

  if (faults.length > 0 || settings === undefined || rocketChatUrl === undefined) {
    throw new Error(`the relay can't start: ${faults.join('; ')}`);
  }
  const isTracing = env[OptionalEnv.Tracing] === '1';
  return {
    aws,
    rocketChatUrl,
    rocketChatProxyUrl,
    secretId,
    ledgerTable,
    queueUrl,
    deadLetterQueueUrl,
    bucketNames,
    maxReceiveCount,
    isTracing,
    settings,
  };
};

const parseUrl = (text: string, faults: string[]): URL | undefined => {
  if (text === '') return undefined;
  const url = URL.parse(text);
  const isLoopback = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))) return url;
  faults.push(`${Env.RocketChatUrl} must be an https URL (http only for a loopback address)`);
  return undefined;
};

const parseCount = (text: string, faults: string[]): number => {
  if (text === '') return 0;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  faults.push(`${Env.MaxReceiveCount} must be a whole number from 1 to 9999`);
  return 0;
};

const parseProxyUrl = (text: string | undefined, faults: string[]): URL | undefined => {
  if (text === undefined || text === '') return undefined;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  // The value is not quoted, because it can contain a password.
  faults.push(`${OptionalEnv.RocketChatProxyUrl} must be a URL such as http://proxy.example.com:3128`);
  return undefined;
};

const readSettings = (file: string, faults: string[]): Settings | undefined => {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    faults.push(`${file} can't be read: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
  const parsed = v.safeParse(SettingsSchema, json);
  if (parsed.success) return parsed.output;
  for (const issue of parsed.issues) faults.push(`${SETTINGS_FILE}: ${v.getDotPath(issue) ?? ''} ${issue.message}`);
  return undefined;
};
