import type { Endpoint } from '../calls/endpoint.ts';
import { pageOf, success } from '../http/answer.ts';
import type { World } from '../state/world.ts';

// What a client reads before it posts: the server's version and settings, and the user its token belongs to.

/** Needs no login. Without one, the real server gives only the major and minor version. */
export const serverInfo: Endpoint = {
  name: 'serverInfo',
  method: 'GET',
  path: '/api/info',
  access: 'anyone',
  prepare:
    ({ world }) =>
    () =>
      success({ version: versionOf(world) }),
};

/** Settings by name; needs no login. The rate limit's settings are not public. */
export const settingsPublic: Endpoint = {
  name: 'settings',
  method: 'GET',
  path: '/api/v1/settings.public',
  access: 'anyone',
  prepare:
    ({ world, query }) =>
    () => {
      const wanted = query.get('_id')?.split(',');
      const settings = Object.entries(world.settings)
        .filter(([id]) => wanted === undefined || wanted.includes(id))
        .map(([_id, value]) => ({ _id, value }))
        .sort((a, b) => (a._id < b._id ? -1 : 1));
      const { page, ...counts } = pageOf(settings, query);
      return success({ settings: page, ...counts });
    },
};

/** The user that the credentials belong to. The fields are not nested. */
export const me: Endpoint = {
  name: 'me',
  method: 'GET',
  path: '/api/v1/me',
  access: 'user',
  prepare: (_, user) => () =>
    success({
      _id: user.id,
      username: user.username,
      name: user.name,
      type: user.roles.includes('bot') ? 'bot' : 'user',
      roles: user.roles,
      active: true,
      status: 'online',
    }),
};

/** A version that has exactly the enabled features. */
const versionOf = ({ version, features }: World): string => {
  if (version === '9.x') return '9.0';
  if (version === '7.x') return features.syncMessagesByCursor ? '7.10' : '7.8';
  return features.messageByFileId ? '8.9' : '8.6';
};
