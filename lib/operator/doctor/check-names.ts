/** The names of the checks, without the checks, so that the command's help and completion load quickly. */
export const CHECK_NAMES = [
  ...['server', 'version', 'token', 'token-expiry', 'rooms', 'uploads', 'file-size', 'media-types', 'body-limit'],
  ...['rate-limit', 'clock', 'outputs', 'secret', 'notifications', 'queue-policy', 'event-source-mapping', 'function'],
  ...['alarms', 'alarm-subscribers', 'dead-letters', 'loop'],
] as const;
