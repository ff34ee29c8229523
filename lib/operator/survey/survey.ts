import pMap from 'p-map';
import { queryLedger } from '../ledger/ledger-items.ts';
import type { QueueState } from '../queue/queue-state.ts';
import type { Target } from '../target/target.ts';
import { type Judgement, judge, State } from './judge.ts';
import { type ListedObject, type ListOptions, listObjects } from './list-objects.ts';
import type { RoomIds } from './room-ids.ts';
import { routeOf } from './route-of.ts';

/** An object of the bucket that has a route, compared with the ledger. */
export interface Surveyed extends Judgement {
  readonly object: ListedObject;
  /** As configured. */
  readonly room: string;
}

export interface SurveyPage {
  readonly surveyed: readonly Surveyed[];
  /** How many objects the bucket has on this page. */
  readonly listed: number;
  /** How many of them were modified outside the times asked for. */
  readonly outsideTimes: number;
  /** How many of the others the relay would ignore. */
  readonly ignored: number;
  readonly lastKey: string;
}

export interface SurveyOptions extends ListOptions {
  readonly bucket: string;
  /** Only objects that go to this room: its id, or its name in the routes, with or without `#`. */
  readonly room?: string | undefined;
  readonly now: number;
}

/** Queries to the ledger at the same time. */
const CONCURRENCY = 8;

/**
 * Compares a bucket with the ledger, page by page.
 *
 * The bucket is listed, and the ledger is queried for each key, which costs one read unit. A scan of the table would read
 * less often, but it returns the items in the order of a hash, so all of them would have to be in memory at once to be
 * compared with a bucket; and it reads the whole table, whatever the prefix.
 */
export async function* surveyBucket(
  target: Target,
  options: SurveyOptions,
  { rooms, deadLetters }: { readonly rooms: RoomIds; readonly deadLetters: Pick<QueueState, 'retentionMs'> },
): AsyncGenerator<SurveyPage> {
  const { clients, settings, ledgerTable } = target;
  const itemKeptMs = settings.ledgerRetentionDays * 86_400_000;

  const survey = async (object: ListedObject): Promise<readonly Surveyed[] | undefined> => {
    const routed = await routeOf(settings.routes, object, clients.s3);
    if (routed.kind === 'ignored') return undefined;
    const wanted = routed.rooms.filter((room) => isRoom(options.room, room));
    if (wanted.length === 0) return [];
    const query = { client: clients.dynamodb, tableName: ledgerTable, bucket: object.bucket, key: object.key };
    const { items } = await queryLedger(query);
    return await Promise.all(
      wanted.map(async (room) => {
        const roomId = items.length === 0 || isUser(room) ? undefined : await rooms.idOf(room);
        const { eTag } = object;
        const judgement = judge(items, {
          eTag,
          room,
          roomId,
          now: options.now,
          letterKeptMs: deadLetters.retentionMs,
          itemKeptMs,
        });
        return { object, room, ...judgement };
      }),
    );
  };

  for await (const { objects, listed, lastKey } of listObjects(clients.s3, options.bucket, options)) {
    const results = await pMap(objects, survey, { concurrency: CONCURRENCY });
    const surveyed = results.flatMap((result) => result ?? []);
    const ignored = results.filter((result) => result === undefined).length;
    yield { surveyed, listed, outsideTimes: listed - objects.length, ignored, lastKey };
  }
}

/** The objects that have to be posted to some room. An object of several rooms has one event, so each is named once. */
export const missingObjects = (surveyed: readonly Surveyed[]): Surveyed[] => {
  const missing = surveyed.filter(({ state }) => state === State.NeverPosted);
  return [...new Map(missing.map((one) => [one.object.key, one])).values()];
};

/** Asking for the id of a user's direct messages would create them, and a survey changes nothing. */
const isUser = (room: string): boolean => room.startsWith('@');

const isRoom = (wanted: string | undefined, room: string): boolean =>
  wanted === undefined || room === wanted || room.replace(/^#/, '') === wanted.replace(/^#/, '');
