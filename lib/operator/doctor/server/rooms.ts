import { ChatAnswerError, RoomError } from '../../../../lambdas/relay/domain/errors.ts';
import { type Check, type Finding, found, ok } from '../check.ts';
import { type NamedRoom, roomsOf } from '../rooms-of.ts';
import { botOf } from '../world.ts';

/** Resolves each room as the function does. */
export const rooms: Check = {
  name: 'rooms',
  group: 'server',
  needs: 'server',
  about: 'each room of the routes exists, and the bot may post there',
  async run(world) {
    const { username } = await botOf(world);
    const named = roomsOf(world.settings);
    const findings: Finding[] = [];
    for (const entry of named) {
      try {
        await world.chat.rooms.resolve(entry.room, entry.threadId, { signal: world.signal });
      } catch (error) {
        findings.push(findingOf(error, entry, username));
      }
    }
    if (findings.length === 0)
      return ok(named.length === 1 ? `${named[0]?.room} takes files` : `all ${named.length} take files`);
    return found(`${findings.length} of ${named.length} cannot be used`, ...findings);
  },
};

/** Rocket.Chat's own slash commands change a room's state; they are typed in any room. */
const findingOf = (error: unknown, { room, place }: NamedRoom, username: string): Finding => {
  const code = error instanceof RoomError ? error.code : archivedCode(error);
  // Any other error says nothing about the room.
  if (code === undefined) throw error;
  const name = room.startsWith('#') ? room : `the room ${room}`;
  const problem = (what: string, mend: string): Finding => ({
    level: 'problem',
    what: `${what} (${place})`,
    why: 'Files for it wait, and after retryForHours they become dead letters (ROOM_UNAVAILABLE).',
    mend,
  });
  switch (code) {
    case 'ROOM_NOT_FOUND':
      return problem(
        `There is no room ${room} that ${username} can see.`,
        `in the room, as its owner: /invite @${username}. If the name is wrong, correct it in cdk.json and run npx cdk deploy`,
      );
    case 'ROOM_ARCHIVED':
      return problem(`${name} is archived.`, `/unarchive ${room}`);
    case 'ROOM_READ_ONLY':
      return problem(
        `${name} is read-only, and ${username} may not post there.`,
        `in the room, as its owner: /unmute @${username}. Or give ${username} a role with the permission post-readonly`,
      );
    case 'ROOM_MUTED':
      return problem(`${name} has muted ${username}.`, `in the room, as its owner: /unmute @${username}`);
    case 'ROOM_ENCRYPTED':
      return problem(
        `${name} is encrypted and takes no plain messages.`,
        "turn Encrypted off in the room's settings, or turn on E2E_Allow_Unencrypted_Messages (Administration, Settings, E2E Encryption)",
      );
    case 'THREAD_NOT_IN_ROOM':
      return problem(
        `The thread of the route is not in ${name}.`,
        'set threadId in cdk.json to the id of a message in that room, and run npx cdk deploy',
      );
    default:
      return code satisfies never;
  }
};

const archivedCode = (error: unknown): RoomError['code'] | undefined =>
  error instanceof ChatAnswerError && error.errorType === 'error-room-archived' ? 'ROOM_ARCHIVED' : undefined;
