import { randomId, randomToken } from './random-id.ts';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  /** Replace it to revoke the token. */
  authToken: string;
  roles: string[];
}

export type UserInput = Partial<User>;

/** Makes a user; by default a bot with a random id and a random personal access token. */
export const createUser = (input: UserInput = {}): User => {
  const username = input.username ?? 'relay.bot';
  return {
    id: input.id ?? randomId(),
    username,
    name: input.name ?? (input.username === undefined ? 'Relay' : username),
    authToken: input.authToken ?? randomToken(),
    roles: input.roles ?? ['bot'],
  };
};

/** The user with this id and this token. Both are required. */
export const findUser = (users: readonly User[], id: string | undefined, authToken: string | undefined) =>
  id && authToken ? users.find((user) => user.id === id && user.authToken === authToken) : undefined;

/** Whether the user has the permission `message-impersonate`, by default given to the roles bot and app. */
export const mayImpersonate = (user: User): boolean => user.roles.includes('bot') || user.roles.includes('app');
