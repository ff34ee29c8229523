import type { IncomingMessage } from 'node:http';
import type { Answer } from '../http/answer.ts';
import type { User } from '../state/users.ts';
import type { World } from '../state/world.ts';

/** Names under which tests script faults and read the log. */
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
  /** A scripted fault: the message is dropped and the answer says `message: null`. */
  readonly losesMessage: boolean;
}

/** Changes the world and answers. Apart from the reading, so that a fault can come between the two, or delay this part. */
export type Commit = () => Answer;

interface EndpointBase {
  readonly name: RouteName;
  readonly method: 'GET' | 'POST';
  /** With `:name` parameters; also the bucket of the rate limit. */
  readonly path: string;
  /** Absent: always. */
  readonly isEnabled?: (world: World) => boolean;
}

/** Reads the whole request first, then commits. Whatever either throws is answered (see `meteor-error.ts`). */
export type Endpoint = EndpointBase &
  (
    | { readonly access: 'anyone'; prepare(request: ApiRequest): Commit | Promise<Commit> }
    | { readonly access: 'user'; prepare(request: ApiRequest, user: User): Commit | Promise<Commit> }
  );
