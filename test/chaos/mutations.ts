/** The tests that must detect a planted fault. */
export type Proof = 'model' | 'ledger contract' | 'object contract' | 'chat contract';

/** A fault to plant: `to` replaces `from`, which must occur in the file exactly once. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly proof: Proof;
}

const FAILURE = 'lambdas/relay/domain/failure.ts';
const DELIVERY = 'lambdas/relay/domain/delivery.ts';
const STEPS = 'lambdas/relay/delivery/steps.ts';
const SETTLE = 'lambdas/relay/delivery/settle.ts';
const LEDGER = 'lambdas/relay/adapters/dynamodb/ledger.ts';
const VERIFIER = 'lambdas/relay/adapters/s3/verifier.ts';
const HTTP = 'lambdas/relay/adapters/rocket-chat/http.ts';

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
    from: 'return errorType === undefined ? !ROOM_STATE.test(error.message) : !BEFORE_INSERT.has(errorType);',
    to: 'return false;',
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
    from: 'if (looks >= MIN_LOOKS && now - notFoundSince >= confirmAgainAfterMs)',
    to: 'if (looks >= 1)',
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
    file: STEPS,
    from: 'if (other === undefined) return undefined;',
    to: 'if (other === undefined || other.kind === "newer") return undefined;',
    proof: 'model',
  },
  {
    name: 'delete the message before its dead letter is written',
    file: SETTLE,
    from: 'await deps.queues.sendDeadLetter({ body, reason, detail, errorType, httpStatus, roomId, attempts, failedAt });',
    to: 'deps.queues.sendDeadLetter({ body, reason, detail, errorType, httpStatus, roomId, attempts, failedAt }).catch(() => {});',
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
    from: 'if (item?.leaseOwner !== owner)',
    to: 'if (item === undefined)',
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
    from: "ConditionExpression: '#leaseOwner = :owner',",
    to: "ConditionExpression: 'attribute_exists(#leaseOwner) OR #leaseOwner = :owner',",
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
    file: VERIFIER,
    from: 'checksum?.matches() === false',
    to: 'checksum?.algorithm === ""',
    proof: 'object contract',
  },
  {
    name: 'complete the upload of a source that failed',
    file: HTTP,
    from: "framed?.stream.once('error', fail);",
    to: "framed?.stream.once('error', () => request.end(framed.tail));",
    proof: 'chat contract',
  },
];
