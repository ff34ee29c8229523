import type { CommandIo } from '../command.ts';
import { createClients } from './clients.ts';
import { readLocalFile } from './local-file.ts';
import type { Target } from './target.ts';

/**
 * Finds the embedded relay that this user runs. Its emulators have S3, SQS, DynamoDB and Secrets Manager,
 * and a few calls of Lambda and CloudWatch Logs; a call to another service fails with ECONNREFUSED instead of reaching AWS.
 * @throws CommandError if none runs
 */
export const findLocal = (env: CommandIo['env']): Target => {
  const { endpoints, credentials, bucket, pid: _, ...file } = readLocalFile(env);
  const none = 'http://127.0.0.1:9';
  return {
    ...file,
    name: 'the embedded relay',
    option: '--local',
    buckets: [bucket],
    clients: createClients({
      region: file.region,
      credentials,
      endpoints: { ...endpoints, cloudWatch: none, sns: none, eventBridge: none },
    }),
    stack: undefined,
  };
};
