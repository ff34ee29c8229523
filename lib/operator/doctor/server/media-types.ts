import { lookup } from 'mrmime';
import { type Check, type Finding, found } from '../check.ts';
import { uploadSettingsOf } from '../world.ts';

export const mediaTypes: Check = {
  name: 'media-types',
  group: 'server',
  needs: 'server',
  about: 'the server does not block the content types of the routes',
  async run(world) {
    const settings = await uploadSettingsOf(world);
    const allowed = listOf(settings.get('FileUpload_MediaTypeWhiteList'));
    const blocked = listOf(settings.get('FileUpload_MediaTypeBlackList'));
    const isBlocked = (type: string): boolean =>
      covers(blocked, type) || (allowed.length > 0 && !allowed.some((entry) => overlaps(entry, type)));
    const findings = world.settings.routes.flatMap(({ contentTypes, suffix = '' }, i): Finding[] => {
      const types = contentTypes ?? [lookup(suffix) ?? []].flat();
      const refused = types.filter(isBlocked);
      if (refused.length === 0) return [];
      return [
        {
          level: refused.length === types.length ? 'problem' : 'warning',
          what: `The server blocks ${refused.join(', ')}, which routes[${i}] takes.`,
          why: 'A file of a blocked type becomes a dead letter at once (MEDIA_TYPE_REFUSED).',
          mend:
            'change FileUpload_MediaTypeWhiteList and FileUpload_MediaTypeBlackList in Rocket.Chat: Administration, Settings, ' +
            'File Upload; or change the route in cdk.json and run npx cdk deploy',
        },
      ];
    });
    const only = allowed.length === 0 ? '' : `only ${allowed.join(', ')}`;
    const except = blocked.length === 0 ? '' : `${only === '' ? 'all ' : ' '}except ${blocked.join(', ')}`;
    return found(only + except || 'all are allowed', ...findings);
  },
};

/** Both settings are lists of types, joined by commas; `image/*` and `*` are wildcards. */
const listOf = (setting: unknown): string[] =>
  typeof setting === 'string'
    ? setting
        .split(',')
        .map((entry) => entry.trim().toLowerCase())
        .filter((entry) => entry !== '')
    : [];

/** Whether the list matches every type that the pattern means. */
const covers = (list: readonly string[], type: string): boolean =>
  list.some((entry) => entry === '*' || entry === '*/*' || entry === type || entry === `${type.split('/')[0]}/*`);

const overlaps = (entry: string, type: string): boolean =>
  covers([entry], type) || (type.endsWith('/*') && entry.startsWith(type.slice(0, -1)));
