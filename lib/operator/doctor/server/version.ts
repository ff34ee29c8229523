import { type Check, found, ok } from '../check.ts';
import { versionOf } from '../world.ts';

/** The first version with `rooms.mediaConfirm` in the form that the relay uses. */
const OLDEST_MAJOR = 7;
/** The newest version that the relay was tested with. */
const NEWEST_MAJOR = 9;

export const version: Check = {
  name: 'version',
  group: 'server',
  needs: 'server',
  about: 'the server has a version that the relay supports (7.x or later)',
  async run(world) {
    const text = await versionOf(world);
    const major = Number(/^(\d+)\./.exec(text)?.[1]);
    if (!Number.isInteger(major))
      throw new Error(`the server gives its version as ${JSON.stringify(text.slice(0, 40))}`);
    if (major < OLDEST_MAJOR) {
      return found(`Rocket.Chat ${text} is too old`, {
        level: 'problem',
        what: `The server runs Rocket.Chat ${text}; the relay needs ${OLDEST_MAJOR}.0 or later.`,
        why: 'Earlier versions do not have the call rooms.mediaConfirm, so no file is posted (VERSION_NOT_SUPPORTED or NOT_ROCKET_CHAT).',
        mend: 'upgrade the server: https://docs.rocket.chat/docs/updating-rocketchat',
      });
    }
    if (major > NEWEST_MAJOR) {
      return found(`Rocket.Chat ${text} is not tested`, {
        level: 'warning',
        what: `The server runs Rocket.Chat ${text}, which is newer than the versions that this relay was tested with.`,
        why: 'A changed API shows as VERSION_NOT_SUPPORTED, and files wait.',
        mend: `npx relay send README.md --room '${world.settings.routes[0]?.room}' ${world.option}`,
      });
    }
    return ok(`Rocket.Chat ${text}`);
  },
};
