import { type Check, type Finding, found, ok } from '../check.ts';
import { roomsOf } from '../rooms-of.ts';
import { botOf, uploadSettingsOf, type World } from '../world.ts';

export const uploads: Check = {
  name: 'uploads',
  group: 'server',
  needs: 'server',
  about: 'the server accepts uploads, also in direct messages if a route has one',
  async run(world) {
    const settings = await uploadSettingsOf(world);
    if (settings.get('FileUpload_Enabled') === false) {
      return found('they are off', finding('File uploads are turned off on the server.', 'FileUpload_Enabled'));
    }
    if (settings.get('FileUpload_Enabled_Direct') !== false) return ok('on');
    const direct = await directRooms(world);
    if (direct.length === 0) return ok('on, except in direct messages, which no route uses');
    const what = `Uploads in direct messages are turned off, and ${direct.join(', ')} is one.`;
    return found('they are off in direct messages', finding(what, 'FileUpload_Enabled_Direct'));
  },
};

const finding = (what: string, setting: string): Finding => ({
  level: 'problem',
  what,
  why: 'Files wait until it is turned on, and after retryForHours they become dead letters (UPLOADS_DISABLED).',
  mend: `turn ${setting} on in Rocket.Chat: Administration, Settings, File Upload`,
});

/** Direct messages are given by their ids. */
const directRooms = async (world: World): Promise<string[]> => {
  await botOf(world);
  const ids = roomsOf(world.settings).filter(({ room }) => !/^[#@]/.test(room));
  const direct: string[] = [];
  for (const { room, place } of ids) {
    const { json } = await world.getAsBot(`rooms.info?${new URLSearchParams({ roomId: room })}`);
    if ((json?.['room'] as { t?: unknown } | undefined)?.t === 'd') direct.push(`${room} (${place})`);
  }
  return direct;
};
