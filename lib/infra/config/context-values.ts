import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { certificateAuthoritySchema } from './connection.ts';

// Schemas of single values of the context key `relay`; `context.ts` documents the keys.

const matching = (what: string, pattern: RegExp, allowed: string) =>
  v.pipe(v.string(`must be ${what}`), v.regex(pattern, `must be ${allowed}`));

export const bucketNameSchema = matching(
  'the name of a bucket',
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  'the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens, without "s3://"',
);

export const secretArnSchema = matching(
  'the ARN of a secret',
  /^arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/,
  'the complete ARN of a secret, as "aws secretsmanager describe-secret" prints it with its last six characters',
);

export const keyArnSchema = matching(
  'the ARN of a KMS key',
  /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
  'the ARN of a KMS key, such as "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…"; an alias is not accepted',
);

export const topicArnSchema = matching(
  'the ARN of an SNS topic',
  /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/,
  'the ARN of a standard SNS topic, such as "arn:aws:sns:eu-central-1:123456789012:alarms"',
);

/** SNS sends a confirmation mail to the address first. */
export const alarmEmailSchema = v.pipe(
  v.string('must be an e-mail address'),
  v.regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'must be an e-mail address'),
);

export const stackNameSchema = matching(
  'the name of a stack',
  /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
  'at most 128 letters, digits and hyphens, with a letter first',
);

/** The values that CloudWatch Logs accepts. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;
export const logRetentionSchema = v.picklist(LOG_RETENTION_DAYS, `must be one of ${LOG_RETENTION_DAYS.join(', ')}`);

/** The path of a readable file that holds certificates and no private key. */
export const certificateFileSchema = v.pipe(
  v.string('must be the path of a file'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const result = v.safeParse(certificateAuthoritySchema, readText(dataset.value));
    if (!result.success) addIssue({ message: result.issues[0].message });
  }),
);

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const idList = (what: string, prefix: string) =>
  v.pipe(
    v.array(
      matching(
        what,
        new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`),
        `${what}, such as "${prefix}-0123456789abcdef0"`,
      ),
      `must be a list of ${what}s`,
    ),
    v.nonEmpty(`must hold at least one ${what}`),
  );

export const vpcSchema = v.pipe(
  v.strictObject(
    {
      vpcId: matching(
        'the id of a VPC',
        /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/,
        'the id of a VPC, such as "vpc-0123456789abcdef0"',
      ),
      /** @default the private subnets, looked up on synth */
      subnetIds: v.optional(idList('id of a subnet', 'subnet')),
      /** @default a new security group */
      securityGroupIds: v.optional(idList('id of a security group', 'sg')),
      createEndpoints: v.optional(v.boolean('must be true or false'), false),
      /** In the order of `subnetIds`. */
      routeTableIds: v.optional(idList('id of a route table', 'rtb')),
    },
    'must be an object with vpcId and optionally subnetIds, securityGroupIds, createEndpoints and routeTableIds',
  ),
  v.forward(
    v.partialCheck(
      [['createEndpoints'], ['subnetIds'], ['routeTableIds']],
      ({ createEndpoints, subnetIds, routeTableIds }) =>
        !createEndpoints || subnetIds === undefined || routeTableIds?.length === subnetIds.length,
      'must name the route table of each subnet, in the order of subnetIds: the endpoints for S3 and DynamoDB are added to them',
    ),
    ['routeTableIds'],
  ),
);
export type VpcContext = v.InferOutput<typeof vpcSchema>;
