import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import type { Clients } from './clients.ts';

/** A relay that a command works on. */
export interface Target {
  /** For messages: `the stack RocketChatRelay in eu-central-1`, or `the embedded relay`. */
  readonly name: string;
  /** What selects it on the command line: `--stack RocketChatRelay` or `--local`. */
  readonly option: string;
  readonly region: string;
  readonly clients: Clients;
  readonly rocketChatUrl: string;
  /** The function's settings: the routes, the operations room and the retention times. */
  readonly settings: Settings;
  readonly buckets: readonly string[];
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly ledgerTable: string;
  readonly secretId: string;
  /** What only a deployed relay has. Undefined for the embedded relay. */
  readonly stack: DeployedStack | undefined;
}

export interface DeployedStack {
  readonly stackName: string;
  /** CloudFormation's status, such as `UPDATE_COMPLETE`. */
  readonly status: string;
  readonly functionName: string;
  readonly eventSourceMappingId: string;
  readonly logGroupName: string;
  readonly alarmTopicArn: string;
  /** Undefined if the relay is deployed without one. */
  readonly dashboardName: string | undefined;
  /** The value of the dimension `service` of the relay's metrics. */
  readonly serviceName: string;
}
