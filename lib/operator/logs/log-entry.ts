/** A line of the function's log. */
export type LogLine =
  | { readonly kind: 'delivery'; readonly timestamp: number; readonly fields: DeliveryFields }
  /** Any other entry of the function's logger. */
  | {
      readonly kind: 'entry';
      readonly timestamp: number;
      readonly level: string;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  /** Text of the runtime, such as a time-out. */
  | { readonly kind: 'text'; readonly timestamp: number; readonly text: string };

export interface DeliveryFields {
  readonly outcome: string;
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
  readonly room?: string | undefined;
  readonly roomId?: string | undefined;
  readonly chatMessageId?: string | undefined;
  readonly attempts?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly latencyMs?: number | undefined;
  readonly httpStatus?: number | undefined;
}

/** What Lambda writes for each invocation. */
const PLATFORM = /^(INIT_START|START|END|REPORT|EXTENSION|XRAY) /;

/** Reads a line. Undefined for metrics and for what Lambda writes about each invocation. */
export const readLogLine = (text: string, timestamp: number): LogLine | undefined => {
  const line = text.trim();
  if (line === '' || PLATFORM.test(line)) return undefined;
  const entry = parseObject(line);
  if (entry === undefined) return { kind: 'text', timestamp, text: line };
  if ('_aws' in entry) return undefined;
  if (entry['message'] === 'delivery' && typeof entry['outcome'] === 'string') {
    return { kind: 'delivery', timestamp, fields: deliveryFields(entry, entry['outcome']) };
  }
  const { level, message, ...fields } = entry;
  if (typeof message !== 'string') return { kind: 'text', timestamp, text: line };
  return { kind: 'entry', timestamp, level: typeof level === 'string' ? level : '', message, fields };
};

const deliveryFields = (entry: Record<string, unknown>, outcome: string): DeliveryFields => {
  const text = (name: string) => (typeof entry[name] === 'string' ? entry[name] : undefined);
  const number = (name: string) => (typeof entry[name] === 'number' ? entry[name] : undefined);
  return {
    outcome,
    bucket: text('bucket'),
    key: text('key'),
    reason: text('reason'),
    detail: text('detail'),
    room: text('room'),
    roomId: text('roomId'),
    chatMessageId: text('chatMessageId'),
    attempts: number('attempts'),
    delayMs: number('delayMs'),
    latencyMs: number('latencyMs'),
    httpStatus: number('httpStatus'),
  };
};

const parseObject = (line: string): Record<string, unknown> | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};
