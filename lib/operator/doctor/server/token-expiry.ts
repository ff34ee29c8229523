import { type Check, found, ok, Skipped } from '../check.ts';
import { botOf } from '../world.ts';

/**
 * A login token expires (`Accounts_LoginExpiration`, by default 90 days); a personal access token does not.
 * `users.getPersonalAccessTokens` shows the last six characters of each (apps/meteor/imports/personal-access-tokens).
 */
export const tokenExpiry: Check = {
  name: 'token-expiry',
  group: 'server',
  needs: 'server',
  about: 'the token is a personal access token, which does not expire',
  async run(world) {
    await botOf(world);
    const { status, json } = await world.getAsBot('users.getPersonalAccessTokens');
    const tokens = json?.['tokens'];
    if (status !== 200 || !Array.isArray(tokens)) {
      throw new Skipped(
        `the server does not tell (${status}): it lists a user's tokens only with the permission create-personal-access-tokens`,
      );
    }
    const { authToken } = await world.credentials();
    const isPersonal = tokens.some((entry: unknown) => {
      const part = (entry as { lastTokenPart?: unknown } | null)?.lastTokenPart;
      return typeof part === 'string' && part !== '' && authToken.endsWith(part);
    });
    if (isPersonal) return ok('a personal access token');
    return found('a login token, which expires', {
      level: 'problem',
      what: "The stored token is none of the user's personal access tokens, so it comes from a login.",
      why: 'A login token expires (after 90 days by default), and another login of the user can end it. Then every file waits.',
      mend: `create a personal access token of the bot, then: npx relay credentials --rotate ${world.option}`,
    });
  },
};
