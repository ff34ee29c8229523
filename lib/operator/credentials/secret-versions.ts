import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { Credentials } from '../../../lambdas/relay/adapters/secrets-manager/credentials.ts';

const CURRENT = 'AWSCURRENT';
/** The function uses this version when the server refuses the current one. */
const PENDING = 'AWSPENDING';

/** The versions of the relay's secret. @throws the SDK's errors, which contain nothing of the secret */
export interface SecretVersions {
  /** Stores credentials as the current version. */
  store(credentials: Credentials): Promise<void>;
  /** Stores credentials as the pending version, in place of another pending one. */
  storePending(credentials: Credentials): Promise<void>;
  /** Whether there is a pending version that never became the current one. */
  hasPending(): Promise<boolean>;
  /** Makes the pending version the current one. The current one becomes AWSPREVIOUS. */
  promotePending(): Promise<void>;
}

export const createSecretVersions = (client: SecretsManagerClient, secretId: string): SecretVersions => {
  const put = async ({ userId, authToken }: Credentials, stage: string): Promise<void> => {
    const SecretString = JSON.stringify({ userId, authToken });
    // The same token makes a repetition by the SDK harmless. It becomes the version's id.
    const ClientRequestToken = randomUUID();
    await client.send(
      new PutSecretValueCommand({ SecretId: secretId, SecretString, ClientRequestToken, VersionStages: [stage] }),
    );
  };
  const versions = async (): Promise<{ current: string | undefined; pending: string | undefined }> => {
    const { VersionIdsToStages: all = {} } = await client.send(new DescribeSecretCommand({ SecretId: secretId }));
    const idOf = (stage: string) => Object.keys(all).find((id) => all[id]?.includes(stage));
    return { current: idOf(CURRENT), pending: idOf(PENDING) };
  };
  const moveStage = (
    VersionStage: string,
    MoveToVersionId: string | undefined,
    RemoveFromVersionId: string | undefined,
  ) =>
    client.send(
      new UpdateSecretVersionStageCommand({ SecretId: secretId, VersionStage, MoveToVersionId, RemoveFromVersionId }),
    );
  return {
    store: (credentials) => put(credentials, CURRENT),
    storePending: (credentials) => put(credentials, PENDING),
    async hasPending() {
      const { current, pending } = await versions();
      return pending !== undefined && pending !== current;
    },
    async promotePending() {
      const { current, pending } = await versions();
      if (pending === undefined) return;
      // If the command ends between the two calls, the version has both labels, and the function works with it.
      if (current !== pending) await moveStage(CURRENT, pending, current);
      await moveStage(PENDING, undefined, pending);
    },
  };
};
