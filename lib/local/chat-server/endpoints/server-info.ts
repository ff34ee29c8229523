import type { Endpoint } from '../calls/endpoint.ts';
import { success } from '../http/answer.ts';
import type { World } from '../state/world.ts';

/** Anyone may ask; without a login the version is major and minor only. */
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

/** The minor version that has the features this server shows. */
const versionOf = ({ version, features }: World): string => {
  if (version === '7.x') return features.syncMessagesByCursor ? '7.10' : '7.8';
  return features.messageByFileId ? '8.9' : '8.6';
};
