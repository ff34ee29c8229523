import type { IncomingMessage } from 'node:http';
import type { Answer } from '../http/answer.ts';
import type { User } from '../state/users.ts';
import type { World } from '../state/world.ts';

/** The endpoints' names in the fault plan and in the call log. */
export type RouteName =
  | 'media'
  | 'mediaConfirm'
  | 'roomInfo'
  | 'me'
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
  /** Set by the fault `message-null`: the message is dropped and the answer has `message: null`. */
  readonly losesMessage: boolean;
}

/** Changes the state and returns the answer. Separate from reading the request, so that a fault can prevent or delay it. */
export type Commit = () => Answer;

interface EndpointBase {
  readonly name: RouteName;
  readonly method: 'GET' | 'POST';
  /** May have `:name` parameters. The rate limit counts calls per path. */
  readonly path: string;
  /** @default always enabled */
  readonly isEnabled?: (world: World) => boolean;
}

/** `prepare` reads the request and returns the commit. An error thrown by either becomes the answer (see `meteor-error.ts`). */
export type Endpoint = EndpointBase &
  (
    | { readonly access: 'anyone'; prepare(request: ApiRequest): Commit | Promise<Commit> }
    | { readonly access: 'user'; prepare(request: ApiRequest, user: User): Commit | Promise<Commit> }
  );
