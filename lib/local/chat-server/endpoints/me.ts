import type { Endpoint } from '../calls/endpoint.ts';
import { success } from '../http/answer.ts';

/** The user whom the credentials prove, flat. */
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
