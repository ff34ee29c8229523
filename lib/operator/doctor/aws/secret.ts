import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { SecretError } from '../../../../lambdas/relay/domain/errors.ts';
import { type Check, type CheckResult, found, ok } from '../check.ts';
import { relayOf } from '../world.ts';

export const secret: Check = {
  name: 'secret',
  group: 'aws',
  needs: 'relay',
  about: 'the secret can be read and holds a user id and a token',
  async run(world): Promise<CheckResult> {
    const { clients, secretId, option } = relayOf(world);
    const why = 'The function cannot call the server without it, so every file waits (SECRET_UNUSABLE).';
    const mend = `npx relay credentials ${option}`;
    try {
      await world.credentials();
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      if (error.code === 'SECRET_MALFORMED') {
        const what = `The secret ${secretId} does not hold {"userId","authToken"}: nobody has stored the token yet, or not in this form.`;
        return found('it holds no token', { level: 'problem', what, why, mend });
      }
      if (error.message.includes('ResourceNotFoundException')) {
        const what = `The secret ${secretId} does not exist, or is scheduled for deletion.`;
        const restore = `aws secretsmanager restore-secret --secret-id ${secretId}; or deploy again with: npx cdk deploy`;
        return found('it does not exist', { level: 'problem', what, why, mend: restore });
      }
      throw error;
    }
    const { VersionIdsToStages: versions = {} } = await clients.secretsManager.send(
      new DescribeSecretCommand({ SecretId: secretId }),
    );
    const isRotating = Object.values(versions).some(
      (stages) => stages.includes('AWSPENDING') && !stages.includes('AWSCURRENT'),
    );
    if (!isRotating) return ok('it holds a user id and a token');
    return found('a rotation was not finished', {
      level: 'warning',
      what: `The secret ${secretId} has a pending version that never became the current one.`,
      why: 'The function uses it only when the server refuses the current one.',
      mend: `npx relay credentials --rotate ${option}`,
    });
  },
};
