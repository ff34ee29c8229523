import { alarmSubscribers } from './aws/alarm-subscribers.ts';
import { alarms } from './aws/alarms.ts';
import { deadLetters } from './aws/dead-letters.ts';
import { eventSourceMapping } from './aws/event-source-mapping.ts';
import { lambdaFunction } from './aws/function.ts';
import { loop } from './aws/loop.ts';
import { notifications } from './aws/notifications.ts';
import { outputs } from './aws/outputs.ts';
import { queuePolicy } from './aws/queue-policy.ts';
import { secret } from './aws/secret.ts';
import type { Check } from './check.ts';
import { bodyLimit } from './server/body-limit.ts';
import { clock } from './server/clock.ts';
import { fileSize } from './server/file-size.ts';
import { mediaTypes } from './server/media-types.ts';
import { rateLimit } from './server/rate-limit.ts';
import { rooms } from './server/rooms.ts';
import { server } from './server/server.ts';
import { token } from './server/token.ts';
import { tokenExpiry } from './server/token-expiry.ts';
import { uploads } from './server/uploads.ts';
import { version } from './server/version.ts';

/** In the order of the report: what others depend on comes first. */
export const CHECKS: readonly Check[] = [
  ...[server, version, token, tokenExpiry, rooms, uploads, fileSize, mediaTypes, bodyLimit, rateLimit, clock],
  ...[outputs, secret, notifications, queuePolicy, eventSourceMapping, lambdaFunction, alarms, alarmSubscribers],
  ...[deadLetters, loop],
];
