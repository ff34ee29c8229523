import { randomId, randomToken } from './random-id.ts';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  /** Replace it to revoke the token. */
  authToken: string;
  roles: string[];
  /** Permissions that the user has in addition to those of the roles. The API shows each as a role in every room. */
  permissions: Permission[];
}

export type UserInput = Partial<User>;

/** The permissions that this server checks, under Rocket.Chat's names. */
export const PERMISSIONS = [
  'api-bypass-rate-limit',
  'mention-all',
  'mention-here',
  'message-impersonate',
  'post-readonly',
  'send-many-messages',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/**
 * Rocket.Chat's defaults (`upsertPermissions.ts`). The two permissions that lift rate limits are missing: whether a server
 * has a limit for the bot is the option `rateLimit`.
 */
const ROLE_PERMISSIONS: Readonly<Record<string, readonly Permission[]>> = {
  admin: ['mention-all', 'mention-here', 'post-readonly'],
  app: ['message-impersonate'],
  bot: ['message-impersonate'],
  moderator: ['mention-all', 'mention-here', 'post-readonly'],
  owner: ['mention-all', 'mention-here', 'post-readonly'],
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

/** The roles that have a permission, those that stand for `User.permissions` included. */
export const rolesWith = (permission: Permission): string[] => [
  ...Object.keys(ROLE_PERMISSIONS).filter((role) => ROLE_PERMISSIONS[role]?.includes(permission)),
  roleInRooms(permission),
];

/** The user's roles in a room, one for each of `User.permissions`. */
export const rolesInRooms = (user: User): string[] => user.permissions.map(roleInRooms);

const roleInRooms = (permission: Permission): string => `with-${permission}`;
