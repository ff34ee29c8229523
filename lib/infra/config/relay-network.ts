import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';

/** Where the function runs in a VPC. Its subnets need a route to the chat server, through a NAT gateway if it is public. */
export interface RelayNetwork {
  readonly vpc: IVpc;
  /** @default private subnets with egress; isolated subnets if the VPC has none */
  readonly subnets?: SubnetSelection | undefined;
  /** @default a new group that allows egress to the ports of the chat server, the proxy and AWS only */
  readonly securityGroups?: readonly ISecurityGroup[] | undefined;
  /**
   * Creates the VPC endpoints through which the function reaches S3 and DynamoDB (gateway endpoints, free) and SQS and
   * Secrets Manager (interface endpoints, charged by the hour). Subnets without a route to the Internet need them. A VPC
   * can have each endpoint only once.
   * @default false
   */
  readonly createEndpoints?: boolean | undefined;
}
