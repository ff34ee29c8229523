import type { IncomingMessage } from 'node:http';
import type { Answer } from '../http/answer.ts';
import type { RateLimit } from '../state/rate-limit.ts';
import type { Permission, User } from '../state/users.ts';
import type { World } from '../state/world.ts';

/** The endpoints' names in the fault plan and in the call log. */
export type RouteName =
  | 'media'
  | 'mediaConfirm'
  | 'roomInfo'
  | 'imCreate'
  | 'me'
  | 'permissions'
  | 'subscription'
  | 'serverInfo'
  | 'settings'
  | 'syncMessages'
  | 'getMessage'
  | 'getMessageByFileId'
  | 'files'
  | 'sendMessage'
  | 'postMessage'
  | 'unknown';

export interface ApiRequest {
  readonly world: World;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly incoming: IncomingMessage;
  /**
   * Set by the fault `message-null`: the confirm answers `message: null`, because the message was dropped or because it
   * was looked for in a database replica that does not have it yet.
   */
  readonly nullMessage: 'dropped' | 'unread' | undefined;
}

/** Changes the state and returns the answer. Separate from reading the request, so that a fault can prevent or delay it. */
export type Commit = () => Answer;

interface EndpointBase {
  readonly name: RouteName;
  readonly method: 'GET' | 'POST';
  /** May have `:name` parameters. The rate limit counts calls per path. */
  readonly path: string;
  /** The endpoint's own rate limit, where it has one. A user with the permission `liftedBy` has no limit here. */
  readonly limit?: RateLimit & { readonly liftedBy: Permission };
  /** @default always enabled */
  readonly isEnabled?: (world: World) => boolean;
}

/** `prepare` reads the request and returns the commit. An error thrown by either becomes the answer (see `meteor-error.ts`). */
export type Endpoint = EndpointBase &
  (
    | { readonly access: 'anyone'; prepare(request: ApiRequest): Commit | Promise<Commit> }
    | { readonly access: 'user'; prepare(request: ApiRequest, user: User): Commit | Promise<Commit> }
  );
