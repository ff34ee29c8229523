import { randomId, randomToken } from './random-id.ts';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  /** Replace it to revoke the token. */
  authToken: string;
  roles: string[];
  /** Permissions that the user has in addition to those of the roles, for example through a role in the room. */
  permissions: Permission[];
}

export type UserInput = Partial<User>;

/** The permissions that this server checks, under Rocket.Chat's names. */
export type Permission =
  | 'api-bypass-rate-limit'
  | 'mention-all'
  | 'mention-here'
  | 'message-impersonate'
  | 'post-readonly'
  | 'send-many-messages';

/**
 * Rocket.Chat's defaults (`upsertPermissions.ts`), without the roles in a room. The two permissions that lift rate limits
 * are missing: whether a server has a limit for the bot is the option `rateLimit`.
 */
const ROLE_PERMISSIONS: Readonly<Record<string, readonly Permission[]>> = {
  admin: ['mention-all', 'mention-here', 'post-readonly'],
  app: ['message-impersonate'],
  bot: ['message-impersonate'],
  user: ['mention-all', 'mention-here'],
};

/** Makes a user; by default a bot with a random id and a random personal access token. */
export const createUser = (input: UserInput = {}): User => {
  const username = input.username ?? 'relay.bot';
  return {
    id: input.id ?? randomId(),
    username,
    name: input.name ?? (input.username === undefined ? 'Relay' : username),
    authToken: input.authToken ?? randomToken(),
    roles: input.roles ?? ['bot'],
    permissions: input.permissions ?? [],
  };
};

/** The user with this id and this token. Both are required. */
export const findUser = (users: readonly User[], id: string | undefined, authToken: string | undefined) =>
  id && authToken ? users.find((user) => user.id === id && user.authToken === authToken) : undefined;

export const hasPermission = (user: User, permission: Permission): boolean =>
  user.permissions.includes(permission) || user.roles.some((role) => ROLE_PERMISSIONS[role]?.includes(permission));
