/** The tests that must notice a planted fault. */
export type Proof =
  | 'model'
  | 'delivery tests'
  | 'handler tests'
  | 'event tests'
  | 'ledger contract'
  | 'object contract'
  | 'chat contract';

/** A fault to plant: `to` replaces `from`, which must occur in the file exactly once. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The proof that must fail, or the test files of which one must fail. */
  readonly proof: Proof | readonly string[];
}

const FAILURE = 'lambdas/relay/domain/failure.ts';
const DELIVERY = 'lambdas/relay/domain/delivery.ts';
const RETRY_DELAY = 'lambdas/relay/domain/retry-delay.ts';
const STEPS = 'lambdas/relay/delivery/steps.ts';
const SETTLE = 'lambdas/relay/delivery/settle.ts';
const DEAD_LETTER = 'lambdas/relay/delivery/dead-letter.ts';
const HANDLER = 'lambdas/relay/handler.ts';
const EVENT = 'lambdas/relay/domain/s3-event.ts';
const LEDGER = 'lambdas/relay/adapters/dynamodb/ledger.ts';
const VERIFIER = 'lambdas/relay/adapters/s3/verifier.ts';
const HTTP = 'lambdas/relay/adapters/rocket-chat/http.ts';
const CLIENT = 'lambdas/relay/adapters/rocket-chat/client.ts';
const CHAT = 'lambdas/relay/adapters/rocket-chat/chat.ts';
const FIND_MESSAGE = 'lambdas/relay/adapters/rocket-chat/find-message.ts';
const MAY_POST = 'lambdas/relay/adapters/rocket-chat/may-post.ts';
const MULTIPART = 'lambdas/relay/adapters/rocket-chat/multipart.ts';
const NOTICES = 'lambdas/relay/adapters/rocket-chat/notices.ts';
const TEXT_MESSAGE = 'lambdas/relay/adapters/rocket-chat/text-message.ts';
const THREADS = 'lambdas/relay/adapters/rocket-chat/threads.ts';
const ROOMS = 'lambdas/relay/adapters/rocket-chat/rooms.ts';
const DELIVER = 'lambdas/relay/delivery/deliver.ts';
const VERSIONS_STEP = 'lambdas/relay/delivery/versions.ts';
const VERSIONS = 'lambdas/relay/domain/versions.ts';
const ROOM_ENTRY = 'lambdas/relay/domain/room-entry.ts';
const PARTITION = 'lambdas/relay/adapters/dynamodb/partition.ts';
const RATE_LIMIT = 'lambdas/relay/adapters/rocket-chat/rate-limit.ts';

const FAILURE_TEST = ['test/unit/domain/failure.test.ts'];
const CHAT_TEST = ['test/contract/chat.test.ts'];
const FIND_TEST = ['test/contract/find-message.test.ts'];
const ROOMS_TEST = ['test/contract/rooms.test.ts'];
const OPERATIONS_TEST = ['test/contract/operations.test.ts'];
const THREADS_TEST = ['test/contract/threads.test.ts'];
const VERSIONS_TEST = ['test/unit/domain/versions.test.ts'];
const HTTP_TEST = ['test/contract/http.test.ts'];

export const mutations: readonly Mutation[] = [
  {
    name: 'skip the look after a confirm without an answer',
    file: FAILURE,
    from: 'if (error instanceof ChatUnreachableError) return error.mayHaveActed;',
    to: 'if (error instanceof ChatUnreachableError) return false;',
    proof: 'model',
  },
  {
    name: 'take a 400 without an errorType for "not posted"',
    file: FAILURE,
    from: "if (status === 400) return errorType === 'error-too-many-requests' || verdictOf(error, 'confirm') !== undefined;",
    to: 'if (status === 400) return true;',
    proof: 'model',
  },
  {
    name: 'assume that an owner that died had not confirmed',
    file: DELIVERY,
    from: 'entry.leaseOwner !== undefined && entry.upload !== undefined',
    to: 'entry.leaseOwner === "" && entry.upload !== undefined',
    proof: 'model',
  },
  {
    name: 'confirm again after a single look',
    file: DELIVERY,
    from: 'if (inDoubt.looks >= MIN_LOOKS && askedAt - notFoundSince >= confirmAgainAfterMs)',
    to: 'if (inDoubt.looks >= 1)',
    proof: 'model',
  },
  {
    name: 'confirm after the deadline, when the lease may have run out',
    file: STEPS,
    from: 'if (clock.now() >= delivery.deadlineAt) return',
    to: 'if (clock.now() < 0) return',
    proof: 'model',
  },
  {
    name: 'post an older version after a newer one',
    file: VERSIONS_STEP,
    from: 'if (other !== undefined) return endSuperseded',
    to: 'if (other !== undefined && other.kind !== "newer") return endSuperseded',
    proof: 'model',
  },
  {
    name: 'delete the message before its dead letter is written',
    file: DEAD_LETTER,
    from: 'await deps.queues.sendDeadLetter({ body, reason, detail, ...rest });',
    to: 'deps.queues.sendDeadLetter({ body, reason, detail, ...rest }).catch(() => {});',
    proof: 'model',
  },
  {
    name: 'drop the lease check of a claim, in the model',
    file: 'test/helpers/memory-ledger.ts',
    from: 'if (!isOwn && item.leaseOwner !== undefined && (item.leaseExpiresAt ?? 0) >= now) return false;',
    to: '',
    proof: 'model',
  },
  {
    name: 'accept a write of an owner that lost its lease, in the model',
    file: 'test/helpers/memory-ledger.ts',
    from: 'const mayChange = item?.leaseOwner === owner && ',
    to: 'const mayChange = item !== undefined && ',
    proof: 'model',
  },
  {
    name: 'claim an upload although another delivery holds the entry, in the model',
    file: 'test/helpers/memory-ledger.ts',
    from: 'if (previous !== undefined && !isOwnUpload(previous, lease)) return refusal(previous, now);',
    to: '',
    proof: 'model',
  },
  {
    name: 'drop the lease check of a claim, in DynamoDB',
    file: LEDGER,
    from: "'attribute_not_exists(#leaseOwner) OR #leaseExpiresAt < :now'",
    to: "'attribute_exists(#status) OR #leaseExpiresAt < :now'",
    proof: 'ledger contract',
  },
  {
    name: 'accept a write of an owner that lost its lease, in DynamoDB',
    file: LEDGER,
    from: 'ConditionExpression: isPosted ? IS_OWN : MAY_CHANGE,',
    to: "ConditionExpression: isPosted ? IS_OWN : '(#leaseOwner = :owner OR attribute_exists(#leaseOwner)) AND #status <> :posted',",
    proof: 'ledger contract',
  },
  {
    name: 'accept a body that is too short',
    file: VERIFIER,
    from: 'if (receivedBytes !== sizeBytes) fail',
    to: 'if (receivedBytes > sizeBytes) fail',
    proof: 'object contract',
  },
  {
    name: 'skip the checksum',
    file: 'lambdas/relay/adapters/aws-clients.ts',
    from: "responseChecksumValidation: 'WHEN_SUPPORTED'",
    to: "responseChecksumValidation: 'WHEN_REQUIRED'",
    proof: 'object contract',
  },
  {
    name: 'complete the upload of a source that failed',
    file: HTTP,
    from: "framed?.stream.once('error', fail);",
    to: "framed?.stream.once('error', () => request.end(framed.tail));",
    proof: 'chat contract',
  },
  {
    name: 'time a look from its answer',
    file: DELIVERY,
    from: 'askedAt - notFoundSince >= confirmAgainAfterMs',
    to: 'answeredAt - notFoundSince >= confirmAgainAfterMs',
    proof: 'delivery tests',
  },
  {
    name: "count the time without a message from the first look's request",
    file: DELIVERY,
    from: 'doubt.notFoundSince ?? answeredAt',
    to: 'doubt.notFoundSince ?? askedAt',
    proof: 'delivery tests',
  },
  {
    name: 'forget a doubt when the repeated confirm has to wait',
    file: STEPS,
    from: 'return { ...negative.next, held: looked };',
    to: 'return { ...negative.next, held: { ...looked, inDoubt: undefined } };',
    proof: 'delivery tests',
  },
  {
    name: "record a later time of the upload by the function's clock",
    file: STEPS,
    from: 'return { ...file, sentAt };',
    to: 'return { ...file, sentAt: sentAt + 3_600_000 };',
    proof: 'delivery tests',
  },
  {
    name: 'upload again after a dropped message',
    file: STEPS,
    from: "failed(deps, { ...held, inDoubt: afterDrop(held.inDoubt) }, error, 'confirm')",
    to: "failed(deps, { ...held, upload: undefined, inDoubt: undefined }, error, 'confirm')",
    proof: 'delivery tests',
  },
  {
    name: 'confirm a dropped message without end',
    file: DELIVERY,
    from: '>= MAX_DROPS)',
    to: '>= MAX_DROPS * 1_000)',
    proof: 'delivery tests',
  },
  {
    name: 'forget a dropped message when a later confirm is in doubt',
    file: DELIVERY,
    from: '({ looks: 0, drops: before?.drops })',
    to: '({ looks: before === undefined ? 0 : 0 })',
    proof: 'delivery tests',
  },
  {
    name: 'compare maxTries with the failures of every reason',
    file: SETTLE,
    from: '(counts[failure.reason] ?? 0) < maxTries',
    to: 'Math.max(tries, counts[failure.reason] ?? 0) < maxTries',
    proof: 'delivery tests',
  },
  {
    name: 'write a dead letter at each receive of an unreadable record',
    file: SETTLE,
    from: 'if (!held.isClaimed && !isEntryInvalid(failure)) {',
    to: 'if (held.isClaimed && !isEntryInvalid(failure)) {',
    proof: 'handler tests',
  },
  {
    name: 'write a dead letter for each of any number of unreadable records',
    file: HANDLER,
    from: 'rejected.length <= MAX_LETTERS_PER_MESSAGE',
    to: 'rejected.length <= MAX_LETTERS_PER_MESSAGE * 100_000',
    proof: 'handler tests',
  },
  {
    name: 'repeat a dead letter that the ledger did not record',
    file: DEAD_LETTER,
    from: "deps.logger.warn('the ledger could not record a dead letter', fields);",
    to: "deps.logger.warn('the ledger could not record a dead letter', fields);\n    throw error;",
    proof: 'delivery tests',
  },
  {
    name: 'retry without an end what fails before the claim',
    file: SETTLE,
    from: "failure.kind === 'refused' || isTooOld ||",
    to: "failure.kind === 'refused' || (isTooOld && deps.clock.now() < 0) ||",
    proof: 'delivery tests',
  },
  {
    name: 'dead-letter by its age a message that only waited',
    file: SETTLE,
    from: 'message.isUntouched !== true &&',
    to: '',
    proof: 'delivery tests',
  },
  {
    name: 'let SQS move a message that was received too often',
    file: SETTLE,
    from: 'Math.ceil(maxReceiveCount * USED_UP_RECEIVES)',
    to: 'Math.ceil(maxReceiveCount / USED_UP_RECEIVES) + 1',
    proof: 'delivery tests',
  },
  {
    name: 'wait no longer than a quarter of an hour between two tries',
    file: RETRY_DELAY,
    from: 'LONGEST_RETRY_DELAY_MS = 3_600_000',
    to: 'LONGEST_RETRY_DELAY_MS = 900_000',
    proof: 'delivery tests',
  },
  {
    name: 'accept any bucket name',
    file: EVENT,
    from: 'v.check(isBucketName,',
    to: 'v.check((name) => isBucketName(name) || name.length > 0,',
    proof: 'event tests',
  },
  {
    name: 'read from any bucket',
    file: HANDLER,
    from: 'parsed.objects.filter(({ bucket }) => buckets.has(bucket))',
    to: 'parsed.objects.filter(({ bucket }) => buckets.has(bucket) || bucket.length > 0)',
    proof: 'handler tests',
  },
  {
    name: 'accept a key of any length',
    file: EVENT,
    from: 'Buffer.byteLength(key) <= 1_024',
    to: 'Buffer.byteLength(key) <= 1_024_000',
    proof: 'event tests',
  },
  {
    name: 'accept a key with a lone surrogate',
    file: EVENT,
    from: 'key.isWellFormed() &&',
    to: '',
    proof: 'event tests',
  },
  {
    name: 'retry an invalid ledger entry',
    file: SETTLE,
    from: "reason === 'LEDGER_ENTRY_INVALID'",
    to: "reason === 'LEDGER_ERROR'",
    proof: 'delivery tests',
  },
  {
    name: 'wait for a lease that ends in a thousand years',
    file: STEPS,
    from: 'if (leftMs > LONGEST_LEASE_MS) return',
    to: 'if (leftMs > LONGEST_LEASE_MS * 1e12) return',
    proof: 'delivery tests',
  },
  {
    name: 'take an invalid ledger entry for an outage',
    file: LEDGER,
    from: "if (awsCodeOf(error) === 'ValidationException') await",
    to: "if (awsCodeOf(error) === 'Validation') await",
    proof: 'ledger contract',
  },
  {
    name: 'read the other versions of a key inconsistently',
    file: PARTITION,
    from: 'ConsistentRead: true,',
    to: 'ConsistentRead: false,',
    proof: 'ledger contract',
  },
  {
    name: "keep a room's circuit open after a success",
    file: SETTLE,
    from: 'deps.circuit.close(room);',
    to: '',
    proof: 'delivery tests',
  },
  {
    name: 'never try a file that seems too large for an invocation',
    file: STEPS,
    from: 'now - lease.takenAt < 1_000',
    to: 'now < lease.takenAt',
    proof: 'delivery tests',
  },
  {
    name: 'charge waiting for the rate limit to the time for retries',
    file: SETTLE,
    from: 'retriedForMs(held) + (isFailure ? delayMs : 0)',
    to: 'retriedForMs(held) + delayMs',
    proof: 'delivery tests',
  },
  {
    name: 'settle a failure although another delivery holds the entry',
    file: SETTLE,
    from: "if (claimed.kind === 'leased') return giveBack(deps, delivery, held, failure, receivedAgain(deps, delivery));",
    to: "if (claimed.kind === 'leased') return countFailure(deps, delivery, held, failure, call);",
    proof: 'delivery tests',
  },
  {
    name: 'bring a message back after the longest of its delays',
    file: HANDLER,
    from: 'Math.min(comesBackInMs ?? delayMs, delayMs)',
    to: 'Math.max(comesBackInMs ?? delayMs, delayMs)',
    proof: 'handler tests',
  },
  {
    name: 'search for the message from the time of the Date header',
    file: FIND_MESSAGE,
    from: 'Math.max(0, Math.min(uploadedAt, sentAt) - MARGIN_MS)',
    to: 'uploadedAt - 10_000',
    proof: FIND_TEST,
  },
  {
    name: "ignore the relay's own time of an upload",
    file: FIND_MESSAGE,
    from: 'Math.min(uploadedAt, sentAt)',
    to: 'uploadedAt',
    proof: FIND_TEST,
  },
  {
    name: "take a proxy's answer to a confirm for a refusal",
    file: FAILURE,
    from: 'if (!isRocketChats) return false;',
    to: '',
    proof: FAILURE_TEST,
  },
  {
    name: "take any answer for Rocket.Chat's",
    file: CLIENT,
    from: 'isRocketChats: isServers,',
    to: 'isRocketChats: true,',
    proof: CHAT_TEST,
  },
  {
    name: 'refuse a file for a 413 to its confirm',
    file: FAILURE,
    from: "if (httpStatus === 413 && call === 'media')",
    to: 'if (httpStatus === 413)',
    proof: FAILURE_TEST,
  },
  {
    name: 'recognise only messages of the present user',
    file: FIND_MESSAGE,
    from: 'if (message.success && hasFile(message.output, fileId))',
    to: 'if (message.success && hasFile(message.output, fileId) && Object(update).u?._id === answer.userId)',
    proof: FIND_TEST,
  },
  {
    name: 'take the page limit for "not found"',
    file: FIND_MESSAGE,
    from: 'if (page >= MAX_PAGES) throw tooBusy(roomId);',
    to: 'if (page >= MAX_PAGES) return undefined;',
    proof: FIND_TEST,
  },
  {
    name: 'skip the rest of a millisecond that fills a page',
    file: FIND_MESSAGE,
    from: 'if (following === undefined) return amongUpdated({ ...wanted, since: Number(next) }, false);',
    to: 'if (following === undefined) return undefined;',
    proof: FIND_TEST,
  },
  {
    name: 'let a file that a firewall rejects stop its room',
    file: FAILURE,
    from: "if (call !== 'room') return 'object';",
    to: '',
    proof: FAILURE_TEST,
  },
  {
    name: 'believe the first of two rate limits',
    file: RATE_LIMIT,
    from: 'Math.min(...limits)',
    to: 'Number(limits[0])',
    proof: ['test/unit/relay/rate-limit.test.ts'],
  },
  {
    name: 'send filename*',
    file: MULTIPART,
    from: 'form-data; name=',
    to: "form-data; filename*=UTF-8''x; name=",
    proof: ['test/unit/relay/multipart.test.ts'],
  },
  {
    name: 'let quotes into a file name',
    file: MULTIPART,
    from: "name.replace(/[\"\\\\]/g, '_')",
    to: 'name',
    proof: ['test/unit/relay/multipart.test.ts'],
  },
  {
    name: 'retry a caption that may not mention @all as a fault of the server',
    file: FAILURE,
    from: "['error-action-not-allowed', {",
    to: "['', {",
    proof: FAILURE_TEST,
  },
  {
    name: 'look for the message of a confirm with an unknown field',
    file: FAILURE,
    from: '[/(?:^|: )Match error/, {',
    to: '[/(?:^|: )No match/, {',
    proof: FAILURE_TEST,
  },
  {
    name: 'confirm the file of another upload again and again',
    file: FAILURE,
    from: "new Set(['invalid-file', 'error-invalid-file'])",
    to: "new Set(['invalid-file'])",
    proof: FAILURE_TEST,
  },
  {
    name: 'take every 401 for a refused token',
    file: CLIENT,
    from: 'if (!isRocketChats(json) || json.status !== undefined) return true;',
    to: 'return true;',
    proof: CHAT_TEST,
  },
  {
    name: 'upload into an archived room',
    file: MAY_POST,
    from: 'if (room.archived === true)',
    to: 'if (room.archived === 1)',
    proof: ROOMS_TEST,
  },
  {
    name: 'upload into a read-only room',
    file: MAY_POST,
    from: 'room.ro === true && !isUnmuted &&',
    to: 'room.ro === 1 && !isUnmuted &&',
    proof: ROOMS_TEST,
  },
  {
    name: 'ignore the roles in a read-only room',
    file: MAY_POST,
    from: '...textsOf(subscription?.roles)',
    to: '',
    proof: ROOMS_TEST,
  },
  {
    name: 'upload into a room that has muted the user',
    file: MAY_POST,
    from: 'if (muted.includes(username))',
    to: 'if (muted.length === 0)',
    proof: ROOMS_TEST,
  },
  {
    name: 'upload into an encrypted room',
    file: MAY_POST,
    from: 'if (room.encrypted === true &&',
    to: 'if (room.encrypted === 1 &&',
    proof: ROOMS_TEST,
  },
  {
    name: 'keep a room in the cache that refuses messages',
    file: CHAT,
    from: 'rooms.forget(roomId);',
    to: 'void rooms;',
    proof: ROOMS_TEST,
  },
  {
    name: 'report a repeated notification as failed',
    file: TEXT_MESSAGE,
    from: "if (found === undefined || found === 'elsewhere' || !isPosted(found)) throw error;",
    to: 'throw error;',
    proof: OPERATIONS_TEST,
  },
  {
    name: "take another user's message for the notification",
    file: NOTICES,
    from: ' && found.isOwn',
    to: '',
    proof: OPERATIONS_TEST,
  },
  {
    name: 'ask first again after a 417',
    file: HTTP,
    from: 'if (status === 417) takesExpect = false;',
    to: '',
    proof: HTTP_TEST,
  },
  {
    name: 'wait for ever for a server that ignores Expect',
    file: HTTP,
    from: 'after(CONTINUE_ANYWAY_MS, sendBody);',
    to: '',
    proof: HTTP_TEST,
  },
  {
    name: 'lose an early answer to the reset that follows it',
    file: HTTP,
    from: "if (isEarly && status >= 400) return answer('');",
    to: '',
    proof: HTTP_TEST,
  },
  {
    name: 'open a connection for each call',
    file: HTTP,
    from: 'keepAlive: true,',
    to: 'keepAlive: false,',
    proof: HTTP_TEST,
  },
  {
    name: 'limit the time of an upload',
    file: HTTP,
    from: 'if (framed === undefined)\n        after(limits.callMs',
    to: 'after(limits.callMs',
    proof: HTTP_TEST,
  },
  {
    name: 'ignore silence',
    file: HTTP,
    from: "request.once('timeout', () =>",
    to: "request.once('never', () =>",
    proof: HTTP_TEST,
  },
  {
    name: 'ignore an abort',
    file: HTTP,
    from: "signal.addEventListener('abort', onAbort, { once: true });",
    to: '',
    proof: HTTP_TEST,
  },
  {
    name: 'let a late release overwrite a posted entry',
    file: LEDGER,
    from: 'ConditionExpression: isPosted ? IS_OWN : MAY_CHANGE',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    to: 'ConditionExpression: isPosted ? IS_OWN : `${IS_OWN} AND (#status <> :posted OR #status = :posted)`',
    proof: 'ledger contract',
  },
  {
    name: 'try all rooms again when the message comes back for one',
    file: DELIVER,
    from: 'if (settled !== undefined) outcomes.push',
    to: 'if (settled !== undefined && room === "") outcomes.push',
    proof: 'delivery tests',
  },
  {
    name: 'begin with the same room at each receive',
    file: DELIVER,
    from: '(task.message.receiveCount - 1) % Math.max(1, rooms.length)',
    to: '0',
    proof: 'delivery tests',
  },
  {
    name: 'post twice into a room that has two names',
    file: DELIVER,
    from: 'if (delivered.has(roomId)) return undefined;',
    to: '',
    proof: 'delivery tests',
  },
  {
    name: 'start another room after the deadline',
    file: DELIVER,
    from: 'outcomes.length > 0 && deps.clock.now() >= task.deadlineAt',
    to: 'false',
    proof: 'delivery tests',
  },
  {
    name: "use up a room's tries when the message comes back for another",
    file: STEPS,
    from: '?? comeBackWhenDue(deps, delivery, taken);',
    to: ';',
    proof: 'delivery tests',
  },
  {
    name: 'redrive the dead letters of other rooms too',
    file: STEPS,
    from: 'message.failedRoomId === undefined || message.failedRoomId === roomId;',
    to: 'true;',
    proof: 'delivery tests',
  },
  {
    name: 'take any redrive for one of this room',
    file: ROOM_ENTRY,
    from: 'redriven.failedRoomId === undefined || redriven.failedRoomId === roomId',
    to: 'true',
    proof: ['test/unit/domain/room-entry.test.ts'],
  },
  {
    name: 'ask for the other versions before the entry is claimed',
    file: DELIVER,
    from: 'isRepeat(delivery) || dependsOnVersions(delivery.route);',
    to: 'isRepeat(delivery);',
    proof: 'delivery tests',
  },
  {
    name: 'post the first version without a second question',
    file: VERSIONS_STEP,
    from: '!postsOnlyFirst(route) || held.upload !== undefined;',
    to: 'true;',
    proof: 'delivery tests',
  },
  {
    name: 'forget that an overwrite was ignored',
    file: VERSIONS_STEP,
    from: 'await deps.ledger.record(id, lease.owner, change);',
    to: '',
    proof: 'delivery tests',
  },
  {
    name: 'post the first version although a newer one is uploaded',
    file: VERSIONS,
    from: "!isOlder(other) && other.state === 'uploaded'",
    to: 'false',
    proof: VERSIONS_TEST,
  },
  {
    name: 'wait for newer versions as well',
    file: VERSIONS,
    from: "other.state !== 'settled' && isOlder(other) &&",
    to: "other.state !== 'settled' &&",
    proof: VERSIONS_TEST,
  },
  {
    name: 'compare only the eTag of two versions',
    file: VERSIONS,
    from: ' && own.sizeBytes === other.sizeBytes',
    to: '',
    proof: VERSIONS_TEST,
  },
  {
    name: 'look for the thread of a key in the latest answer',
    file: PARTITION,
    from: 'threadId: item.threadId ?? item.messageId',
    to: 'threadId: item.messageId',
    proof: 'ledger contract',
  },
  {
    name: 'take a deleted message for the first one of a thread',
    file: TEXT_MESSAGE,
    from: "isDeleted: t === 'rm' || _hidden === true",
    to: "isDeleted: t === 'rm'",
    proof: THREADS_TEST,
  },
  {
    name: 'begin a thread in another room',
    file: THREADS,
    from: 'found.roomId === roomId && !found.isDeleted;',
    to: '!found.isDeleted;',
    proof: THREADS_TEST,
  },
  {
    name: 'begin a thread anew when the server fails',
    file: TEXT_MESSAGE,
    from: '(error.status === 400 && !error.hasReason)',
    to: 'error.status === 400',
    proof: THREADS_TEST,
  },
  {
    name: 'send direct messages for an unknown user to the bot',
    file: ROOMS,
    from: 'members.some((member) => member.toLowerCase() === username.toLowerCase())',
    to: 'members.length > 0',
    proof: ROOMS_TEST,
  },
];
