/** The month in which the prices were read. Compare them with the cited pages before you base a budget on them. */
export const PRICES_AS_OF = '2025-06';
/** List prices in US dollars for us-east-1 and arm64, without the free tiers. */
export const PRICES = {
  /** aws.amazon.com/lambda/pricing */
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2 / 1e6,
  /** aws.amazon.com/sqs/pricing, standard queues */
  sqsRequest: 0.4 / 1e6,
  /** aws.amazon.com/dynamodb/pricing/on-demand, an item of up to 1 KB */
  dynamoDbWrite: 0.625 / 1e6,
  /** aws.amazon.com/s3/pricing, S3 Standard */
  s3Get: 0.4 / 1e6,
  /** aws.amazon.com/cloudwatch/pricing */
  logGb: 0.5,
  alarmMetricMonth: 0.1,
  customMetricMonth: 0.3,
  /** aws.amazon.com/secrets-manager/pricing */
  secretMonth: 0.4,
  /** aws.amazon.com/ec2/pricing/on-demand, data transfer out to the Internet, the first 10 TB */
  internetGb: 0.09,
  /** aws.amazon.com/vpc/pricing, data processed by a NAT gateway, which also costs 0.045 $ an hour. */
  natGb: 0.045,
} as const;
