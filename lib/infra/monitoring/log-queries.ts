import { Names } from 'aws-cdk-lib';
import { type ILogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Saved queries of CloudWatch Logs Insights over the function's log. `docs/operating.md` lists them. */
export const LOG_QUERIES = {
  WhyObjectsWaitOrFail: {
    fields: ['@timestamp'],
    filterStatements: ['message = "delivery"', 'outcome in ["retrying", "dead-lettered"]'],
    statsStatements: ['count(*) as deliveries, latest(detail) as example by reason, outcome, room'],
    sort: 'deliveries desc',
  },
  DeadLetters: {
    fields: ['@timestamp', 'bucket', 'key', 'reason', 'detail', 'httpStatus', 'room', 'attempts'],
    filterStatements: ['message = "delivery"', 'outcome = "dead-lettered"'],
    sort: '@timestamp desc',
    limit: 100,
  },
  SlowestDeliveries: {
    fields: ['@timestamp', 'key', 'sizeBytes', 'durationMs', 'latencyMs', 'room'],
    filterStatements: ['message = "delivery"', 'outcome = "posted"'],
    sort: 'durationMs desc',
    limit: 50,
  },
  PostedByRoom: {
    filterStatements: ['message = "delivery"', 'outcome = "posted"'],
    statsStatements: ['count(*) as files, sum(sizeBytes) / 1048576 as MiB, pct(latencyMs, 95) as latencyMs95 by room'],
    sort: 'files desc',
  },
  /** The operator replaces the key. */
  OneObject: {
    fields: ['@timestamp', 'message', 'outcome', 'reason', 'detail', 'attempts', 'delayMs', 'fileId', 'chatMessageId'],
    filterStatements: ['key = "folder/file.pdf"'],
    sort: '@timestamp asc',
    limit: 1000,
  },
} as const;

export const createLogQueries = (scope: Construct, logGroup: ILogGroup): QueryDefinition[] => {
  const folder = Names.uniqueResourceName(scope, { maxLength: 60, separator: '-' });
  const queries = new Construct(scope, 'LogQueries');
  return Object.entries(LOG_QUERIES).map(
    ([name, query]) =>
      new QueryDefinition(queries, name, {
        queryDefinitionName: `${folder}/${name}`,
        queryString: new QueryString(mutable(query)),
        logGroups: [logGroup],
      }),
  );
};

/** CDK's type requires mutable arrays. */
const mutable = (query: object): ConstructorParameters<typeof QueryString>[0] =>
  Object.fromEntries(Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]));
