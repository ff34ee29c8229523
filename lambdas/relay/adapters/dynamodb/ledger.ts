import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { DeliveryId, LedgerChange, LedgerEntry } from '../../domain/delivery.ts';
import { Status } from '../../domain/delivery.ts';
import { LedgerError } from '../../domain/errors.ts';
import { versionOrder } from '../../domain/versions.ts';
import { LedgerTable } from '../../names.ts';
import type { Claim, ClaimOptions, Clock, Lease, Ledger } from '../../ports.ts';
import { awsCodeOf } from '../aws-error.ts';
import { parseEntry } from './ledger-entry.ts';
import { createPartition, partitionKey } from './partition.ts';
import { type UpdateParts, updateExpression } from './update-expression.ts';

export interface DynamoDbLedgerOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
  /** How long an entry is kept after its last claim (DynamoDB's TTL). */
  readonly retentionDays: number;
}

type Item = Record<string, AttributeValue>;

const IS_NEW = 'attribute_not_exists(#status)';
// A request that is repeated after its answer was lost can find its own claim.
const IS_OWN = '#leaseOwner = :owner';
const IS_FREE = 'attribute_not_exists(#leaseOwner) OR #leaseExpiresAt < :now';
const IS_DELIVERABLE = '#status IN (:claimed, :uploaded) OR (#status = :deadLettered AND #failedAt <= :failedAt)';

// After a posted entry whose answer was lost, the same owner may only write the posted entry again.
const MAY_CHANGE = `${IS_OWN} AND #status <> :posted`;

const CLAIM_CONDITION = `${IS_NEW} OR ((${IS_OWN} OR ${IS_FREE}) AND (${IS_DELIVERABLE}))`;
const CLAIM_UPLOADED_CONDITION = `${IS_NEW} OR (${IS_OWN} AND #status = :uploaded)`;

/**
 * The ledger in one DynamoDB table: an item per object version and room. Partition key `bucket/key`, sort key
 * `sequencer#roomId`, so that a key's partition lists its versions in order.
 */
export const createDynamoDbLedger = ({ client, tableName, clock, retentionDays }: DynamoDbLedgerOptions): Ledger => {
  const TableName = tableName;
  const partition = createPartition(client, tableName);
  const update = (input: Omit<UpdateItemCommandInput, 'TableName'>) =>
    client.send(new UpdateItemCommand({ TableName, ...input }));

  const readEntry = async (id: DeliveryId) => {
    const { Item: item } = await client.send(new GetItemCommand({ TableName, Key: keyOf(id), ConsistentRead: true }));
    return item === undefined ? undefined : readItem(item);
  };

  /** Writes a claim if the condition holds, otherwise reads why it does not. */
  const writeClaim = async (
    id: DeliveryId,
    { owner, expiresAt }: Lease,
    { object, room }: ClaimOptions,
    { condition, set, ...parts }: UpdateParts & { readonly condition: string },
  ): Promise<Claim> => {
    const now = clock.now();
    try {
      const { Attributes } = await update({
        Key: keyOf(id),
        ConditionExpression: condition,
        ...updateExpression({
          ...parts,
          set: {
            ...set,
            leaseOwner: owner,
            leaseExpiresAt: expiresAt,
            [LedgerTable.TimeToLive]: Math.ceil(now / 1_000) + retentionDays * 86_400,
            roomId: id.roomId,
            room,
            eTag: object.eTag,
            size: object.sizeBytes,
          },
          add: { attempts: 1 },
        }),
        ReturnValues: 'ALL_OLD',
      });
      return { kind: 'claimed', previous: isEmpty(Attributes) ? undefined : readItem(Attributes) };
    } catch (error) {
      // DynamoDB can't add to an attribute that is not a number. Reading the entry shows whether that is the cause.
      if (awsCodeOf(error) === 'ValidationException') await readEntry(id);
      if (!isConditionFailed(error)) throw error;
    }
    const entry = await readEntry(id);
    if (entry === undefined) return { kind: 'leased', until: now };
    if (entry.status === Status.Posted || entry.status === Status.Gone) return { kind: 'ended', entry };
    if (entry.leaseOwner !== undefined && (entry.leaseExpiresAt ?? 0) >= now) {
      return { kind: 'leased', until: entry.leaseExpiresAt ?? now };
    }
    return entry.status === Status.DeadLettered ? { kind: 'ended', entry } : { kind: 'leased', until: now };
  };

  return {
    claim: translated((id, lease, { failedAt, ...options }) =>
      writeClaim(id, lease, options, {
        condition: CLAIM_CONDITION,
        setIfMissing: { status: Status.Claimed },
        names: ['status', 'leaseOwner', 'leaseExpiresAt', 'failedAt'],
        values: {
          ':owner': lease.owner,
          ':now': clock.now(),
          ':claimed': Status.Claimed,
          ':uploaded': Status.Uploaded,
          ':deadLettered': Status.DeadLettered,
          // The default is earlier than any dead letter, so the message is not a redrive.
          ':failedAt': failedAt ?? -1,
        },
      }),
    ),

    claimUploaded: translated((id, lease, { upload, ...options }) =>
      writeClaim(id, lease, options, {
        condition: CLAIM_UPLOADED_CONDITION,
        set: { status: Status.Uploaded, ...upload },
        names: ['status', 'leaseOwner'],
        values: { ':owner': lease.owner, ':uploaded': Status.Uploaded },
      }),
    ),

    record: translated(async (id, owner, change) => {
      try {
        const isPosted = change.kind === 'posted';
        const expression = updateExpression({
          ...changed(change),
          names: ['leaseOwner', 'status'],
          values: { ':owner': owner, ...(isPosted ? {} : { ':posted': Status.Posted }) },
        });
        await update({ Key: keyOf(id), ConditionExpression: isPosted ? IS_OWN : MAY_CHANGE, ...expression });
      } catch (error) {
        if (!isConditionFailed(error)) throw error;
        throw new LedgerError('another delivery holds the entry, or it is posted', {
          code: 'LEASE_LOST',
          cause: error,
        });
      }
    }),

    findOther: translated(partition.findOther),
    findVersions: translated(partition.findVersions),
    findRooms: translated(partition.findRooms),
  };
};

const isConditionFailed = (error: unknown): boolean => error instanceof ConditionalCheckFailedException;

/** The attributes that each change sets and removes. */
const changed = (change: LedgerChange): Pick<UpdateParts, 'set' | 'remove' | 'add' | 'copy'> => {
  switch (change.kind) {
    case 'uploaded':
      return { set: { status: Status.Uploaded, ...change.upload }, remove: ['inDoubt'] };
    case 'posted':
      // The owner stays, so that the write can be repeated. A posted entry is never claimed again.
      return {
        set: {
          status: Status.Posted,
          messageId: change.messageId,
          postedAt: change.postedAt,
          threadId: change.threadId,
        },
        remove: ['leaseExpiresAt', 'inDoubt', 'lastError'],
      };
    case 'ignored': {
      const { ignoredAt, lastError, threadId } = change;
      return { set: { status: Status.Gone, ignoredAt, lastError, threadId }, remove: ['leaseExpiresAt'] };
    }
    case 'gone':
      return { set: { status: Status.Gone, lastError: change.lastError }, remove: ['leaseExpiresAt'] };
    case 'released': {
      const status = change.upload === undefined ? Status.Claimed : Status.Uploaded;
      const { lastError, retriedForMs, failuresByReason, upload, inDoubt, dueAt } = change;
      return {
        set: { status, lastError, retriedForMs, failuresByReason, dueAt, ...upload, inDoubt },
        remove: ['leaseOwner', 'leaseExpiresAt', ...without({ dueAt }), ...withoutFile(upload, inDoubt)],
        add: { releases: 1, ...(change.failed ? { failures: 1 } : {}) },
      };
    }
    case 'dead-lettered': {
      const { failedAt, lastError, upload, inDoubt } = change;
      return {
        set: { status: Status.DeadLettered, failedAt, lastError, ...upload, inDoubt, retriedForMs: 0, failures: 0 },
        copy: { releases: 'attempts' },
        remove: ['leaseOwner', 'leaseExpiresAt', 'failuresByReason', 'dueAt', ...withoutFile(upload, inDoubt)],
      };
    }
    default:
      return change satisfies never;
  }
};

const withoutFile = (upload: unknown, inDoubt: unknown): string[] => [
  ...(upload === undefined ? ['fileId', 'uploadedAt', 'sentAt', 'link'] : []),
  ...without({ inDoubt }),
];

const without = (values: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(values).filter((name) => values[name] === undefined);

const keyOf = (id: DeliveryId): Item =>
  marshall({
    [LedgerTable.PartitionKey]: partitionKey(id),
    [LedgerTable.SortKey]: `${versionOrder(id)}#${id.roomId}`,
  });

/** @throws LedgerError ENTRY_INVALID */
const readItem = (item: Item): LedgerEntry => {
  try {
    return parseEntry(unmarshall(item));
  } catch (error) {
    const message = 'the ledger entry holds values that the relay has not written';
    throw new LedgerError(message, { code: 'ENTRY_INVALID', cause: error });
  }
};

const isEmpty = (item: Item | undefined): item is undefined => item === undefined || Object.keys(item).length === 0;

const translated =
  <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> => {
    try {
      return await call(...args);
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      throw new LedgerError(`the ledger (DynamoDB) can't be reached: ${awsCodeOf(error)}`, {
        code: 'LEDGER_UNAVAILABLE',
        cause: error,
      });
    }
  };
