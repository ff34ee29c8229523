import { serverNow } from '../../../../lambdas/relay/adapters/rocket-chat/rate-limit.ts';
import { humanDuration } from '../../terminal.ts';
import { type Check, found, ok } from '../check.ts';
import { versionOf } from '../world.ts';

const MAX_DIFFERENCE_MS = 60_000;

export const clock: Check = {
  name: 'clock',
  group: 'server',
  needs: 'server',
  about: "the server's clock agrees with this machine's",
  async run(world) {
    await versionOf(world);
    const { headers, receivedAt } = await world.get('/api/info');
    const time = serverNow(headers);
    if (time === undefined) throw new Error("the server's answers have no Date header");
    const difference = time - receivedAt;
    // The header has whole seconds.
    if (Math.abs(difference) < MAX_DIFFERENCE_MS)
      return ok(`within ${Math.max(1, Math.ceil(Math.abs(difference) / 1_000))} s`);
    return found(`${humanDuration(Math.abs(difference))} ${difference < 0 ? 'behind' : 'ahead'}`, {
      level: 'warning',
      what: `The server's clock is ${humanDuration(Math.abs(difference))} ${difference < 0 ? 'behind' : 'ahead of'} this machine's.`,
      why: 'Times in the room and in the log differ. AWS refuses calls of a machine whose own clock is five minutes off.',
      mend: 'on the machine whose clock is wrong: timedatectl set-ntp true',
    });
  },
};
