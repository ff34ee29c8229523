import type { Endpoint } from '../calls/endpoint.ts';
import { success } from '../http/answer.ts';
import { pageOf } from './paging.ts';

/** Settings by name, without a login. Those of the rate limit are not public. */
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
