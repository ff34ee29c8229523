import { type CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';

/**
 * The age of the oldest message that waits in a queue, by SQS's metric in CloudWatch, which comes each minute and leaves out
 * messages that were received more than three times
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
 * @returns milliseconds; undefined if SQS has written none in the last quarter of an hour
 */
export const oldestMessageAgeMs = async (
  cloudWatch: CloudWatchClient,
  queueName: string,
  now: number,
): Promise<number | undefined> => {
  const { Datapoints = [] } = await cloudWatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: queueName }],
      StartTime: new Date(now - 15 * 60_000),
      EndTime: new Date(now),
      Period: 60,
      Statistics: ['Maximum'],
    }),
  );
  const latest = Datapoints.toSorted((a, b) => Number(b.Timestamp ?? 0) - Number(a.Timestamp ?? 0))[0];
  return latest?.Maximum === undefined ? undefined : latest.Maximum * 1_000;
};
