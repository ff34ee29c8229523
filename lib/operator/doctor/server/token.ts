import { SecretError } from '../../../../lambdas/relay/domain/errors.ts';
import { type Check, type CheckResult, found, ok, Skipped } from '../check.ts';
import { type ApiAnswer, versionOf } from '../world.ts';

export const token: Check = {
  name: 'token',
  group: 'server',
  needs: 'server',
  about: 'the server accepts the user id and the token',
  async run(world): Promise<CheckResult> {
    await versionOf(world);
    let answer: ApiAnswer;
    try {
      answer = await world.getAsBot('me');
    } catch (error) {
      if (error instanceof SecretError && world.target !== undefined) {
        throw new Skipped('the secret cannot be used; see the check secret');
      }
      throw error;
    }
    const why = 'No file is posted until the server accepts the token (CREDENTIALS_REFUSED).';
    const store =
      world.target === undefined
        ? 'set ROCKETCHAT_USER_ID and ROCKETCHAT_AUTH_TOKEN'
        : `npx relay credentials ${world.option}`;
    if (answer.status === 401) {
      return found('it is refused', {
        level: 'problem',
        what: 'The server refuses the token: it was revoked, has expired, or belongs to another user id.',
        why,
        mend: `create a personal access token of the bot (My Account, Personal Access Tokens), then: ${store}`,
      });
    }
    if (answer.status !== 200 || answer.json === undefined) throw new Error(`GET me answered ${answer.status}`);
    const { _id: userId, username, active, roles } = answer.json;
    const { userId: stored } = await world.credentials();
    if (userId !== stored) {
      return found('it belongs to another user', {
        level: 'problem',
        what: `The token belongs to the user ${String(userId)}, and the stored user id is ${stored}.`,
        why,
        mend: store,
      });
    }
    if (active === false) {
      return found('the user is deactivated', {
        level: 'problem',
        what: `The user ${String(username)} is deactivated.`,
        why,
        mend: `activate ${String(username)} in Rocket.Chat (Administration, Users)`,
      });
    }
    return ok(`of ${String(username)}${Array.isArray(roles) ? `, roles ${roles.join(', ')}` : ''}`);
  },
};
