import type { Root } from '@rocket.chat/message-parser';

/** What the server sends to the page's script. Times are epoch milliseconds. All texts are hostile: the script shows them as text. */
export interface Update {
  /** Names this run of the server. Another value means that the server was restarted. */
  readonly run?: string;
  readonly rooms?: readonly RoomView[];
  /** New messages of the room. */
  readonly messages?: MessageBatch;
  /** Replies of messages that were sent before, by the id of the thread's first message. */
  readonly replies?: Readonly<Record<string, number>>;
  /** New and changed lives. */
  readonly lives?: readonly LifeView[];
  readonly relay?: RelayView;
  readonly faults?: readonly FaultView[];
}

export interface MessageBatch {
  readonly list: readonly MessageView[];
  /** The number of messages in the room. */
  readonly total: number;
}

export interface RoomView {
  readonly id: string;
  readonly name: string;
  readonly type: 'c' | 'p' | 'd';
  readonly path: string;
  readonly count: number;
}

export interface MessageView {
  readonly id: string;
  /** The position in the room, from 0. */
  readonly index: number;
  readonly at: number;
  readonly name: string;
  readonly username: string;
  readonly isBot: boolean;
  readonly text: Root | undefined;
  readonly attachments: readonly AttachmentView[];
  readonly fileId: string | undefined;
  readonly thread: { readonly id: string; readonly index: number | undefined; readonly title: string } | undefined;
  readonly replies: number;
}

export interface AttachmentView {
  readonly text: Root | undefined;
  readonly file: FileView | undefined;
}

export interface FileView {
  readonly name: string;
  readonly type: string;
  readonly sizeBytes: number;
  /** Undefined if the bytes were not kept. */
  readonly link: string | undefined;
  readonly preview: Preview | undefined;
}

export type Preview =
  | { readonly kind: 'image' }
  | { readonly kind: 'text'; readonly lines: readonly string[]; readonly isCut: boolean }
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[]; readonly isCut: boolean };

export type LifeState = 'waiting' | 'in-work' | 'posted' | 'dead-lettered' | 'ignored';

export interface LifeView {
  readonly id: number;
  readonly key: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly state: LifeState;
  readonly steps: readonly StepView[];
  /** What to do, if the object waits or is a dead letter. */
  readonly advice: string | undefined;
  readonly fileId: string | undefined;
  /** The message's place on the page. */
  readonly message: { readonly id: string; readonly path: string } | undefined;
  /** From the upload to the message. */
  readonly latencyMs: number | undefined;
}

export interface StepView {
  readonly kind:
    | 's3'
    | 'queued'
    | 'received'
    | 'waiting'
    | 'uploaded'
    | 'message'
    | 'found'
    | 'dead-lettered'
    | 'ignored'
    | 'sent-back';
  readonly at: number;
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
  /** How often the object was tried for this reason. */
  readonly times?: number | undefined;
  readonly retryAt?: number | undefined;
}

export interface RelayView {
  readonly bucket: string;
  readonly counts: Readonly<Record<LifeState, number>>;
  readonly lost: number;
  readonly twice: number;
}

export type FaultName = 'server-down' | 'rate-limit' | 'lost-answer' | 'bad-gateway';

export interface FaultView {
  readonly name: FaultName;
  readonly isOn: boolean;
  /** The share of calls that it applies to. */
  readonly percent: number;
  /** How many calls it has struck since it was switched on. */
  readonly hits: number;
}

/** What a visitor changes of a fault. The rest stays as it is, also if another visitor has just changed it. */
export interface FaultChange {
  readonly name: FaultName;
  readonly isOn?: boolean | undefined;
  /** 1 to 100. */
  readonly percent?: number | undefined;
}
