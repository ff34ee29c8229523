/** Names that the stack and the operator's command share. */

/** The stack's outputs by which the command finds its resources. */
export const Output = {
  RocketChatUrl: 'RocketChatUrl',
  /** Several are separated by spaces. */
  BucketName: 'BucketName',
  QueueUrl: 'QueueUrl',
  DeadLetterQueueUrl: 'DeadLetterQueueUrl',
  TableName: 'TableName',
  SecretArn: 'SecretArn',
  FunctionName: 'FunctionName',
  EventSourceMappingId: 'EventSourceMappingId',
  LogGroupName: 'LogGroupName',
  AlarmTopicArn: 'AlarmTopicArn',
  /** Missing if there is no dashboard. */
  DashboardName: 'DashboardName',
  ServiceName: 'ServiceName',
} as const;

/** The key of the template's metadata that holds the function's settings: an output would limit their length. */
export const SETTINGS_METADATA = 'S3ToRocketChatSettings';
