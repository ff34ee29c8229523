import { readRateLimit } from '../../../../lambdas/relay/adapters/rocket-chat/rate-limit.ts';
import { type Check, found, ok } from '../check.ts';
import { botOf } from '../world.ts';

/**
 * The limit as the headers of a call show it: some servers do not honour the permission that lifts it
 * (RocketChat/Rocket.Chat#24539). Every call without a limit of its own has the same one, uploads included.
 */
export const rateLimit: Check = {
  name: 'rate-limit',
  group: 'server',
  needs: 'server',
  about: 'how many files a minute the server allows, measured from its headers',
  async run(world) {
    const { username } = await botOf(world);
    const { headers, receivedAt } = await world.getAsBot('me');
    const reading = readRateLimit(headers, receivedAt);
    if (reading === undefined) return ok('none');
    return found(`${reading.limit} calls in each window, usually a minute`, {
      level: 'warning',
      what: `The server limits each address to ${reading.limit} calls of a kind in a window (a minute by default), so to as many files.`,
      why: `A burst of uploads waits: 1000 files take about ${Math.ceil(1000 / reading.limit)} windows. Nothing is lost.`,
      mend: `give ${username} the role bot, whose permission api-bypass-rate-limit lifts the limit: Administration, Users, ${username}`,
    });
  },
};
