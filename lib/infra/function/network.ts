import { Stack, Token } from 'aws-cdk-lib';
import {
  GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  type ISecurityGroup,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { RelayNetwork } from '../config/relay-network.ts';

/** The calls that attach a function to a VPC (from AWS's policy AWSLambdaVPCAccessExecutionRole, without its log actions). */
export const INTERFACE_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
] as const;

/** The function's VPC, subnets and security groups; creates the endpoints if `createEndpoints` is set. */
export const createNetwork = (
  scope: Construct,
  { vpc, subnets, securityGroups, createEndpoints = false }: RelayNetwork,
  { urls }: { urls: readonly string[] },
): { vpc: RelayNetwork['vpc']; vpcSubnets?: SubnetSelection; securityGroups: ISecurityGroup[] } => {
  const groups = [...(securityGroups ?? [createSecurityGroup(scope, vpc, urls)])];
  if (createEndpoints) createVpcEndpoints(scope, { vpc, subnets, groups });
  return { vpc, ...(subnets !== undefined && { vpcSubnets: subnets }), securityGroups: groups };
};

/** Lambda creates the network interfaces with the function's role. The function's own code is denied these calls. */
export const allowInterfaces = (role: Role): void => {
  const actions = [...INTERFACE_ACTIONS];
  role.addToPolicy(new PolicyStatement({ sid: 'LambdaPlacesTheFunction', actions, resources: ['*'] }));
  role.addToPolicy(
    new PolicyStatement({
      sid: 'NotTheFunctionItself',
      effect: Effect.DENY,
      actions,
      resources: ['*'],
      // This condition key is set only on calls made by a function's code (Lambda Developer Guide, "Execution role permissions").
      conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
    }),
  );
};

/** Allows outgoing TCP to the ports of the chat server, the proxy and AWS, and DNS. Allows no incoming traffic. */
const createSecurityGroup = (scope: Construct, vpc: RelayNetwork['vpc'], urls: readonly string[]): ISecurityGroup => {
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    // EC2 cannot change a group's description: another text would replace the group.
    description: 'The relay into Rocket.Chat: out to the chat server and to AWS, nothing in',
    allowAllOutbound: false,
  });
  for (const port of [...new Set([443, ...urls.map(portOf)])].sort((a, b) => a - b)) {
    // Any address, because the addresses of S3, a public chat server and a proxy are not known here and change.
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(port), port === 443 ? 'AWS and HTTPS' : `port ${port} of a URL`);
  }
  // A VPC's own DNS server needs no rule, but one that its DHCP options name does.
  group.addEgressRule(Peer.anyIpv4(), Port.udp(53), 'DNS');
  group.addEgressRule(Peer.anyIpv4(), Port.tcp(53), 'DNS, answers that do not fit into UDP');
  return group;
};

const portOf = (text: string): number => {
  const url = Token.isUnresolved(text) ? null : URL.parse(text);
  if (url === null) return 443;
  return url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
};

/** Endpoints for the services that the function calls. The log needs none: Lambda writes it from outside the VPC. */
const createVpcEndpoints = (
  scope: Construct,
  {
    vpc,
    subnets,
    groups,
  }: { vpc: RelayNetwork['vpc']; subnets: SubnetSelection | undefined; groups: ISecurityGroup[] },
): void => {
  const selected = subnets === undefined ? {} : { subnets: [subnets] };
  new GatewayVpcEndpoint(scope, 'S3Endpoint', { vpc, service: GatewayVpcEndpointAwsService.S3, ...selected });
  new GatewayVpcEndpoint(scope, 'DynamoDbEndpoint', {
    vpc,
    service: GatewayVpcEndpointAwsService.DYNAMODB,
    ...selected,
  });
  const services = {
    SqsEndpoint: InterfaceVpcEndpointAwsService.SQS,
    SecretsManagerEndpoint: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  };
  const endpoints = new SecurityGroup(scope, 'EndpointsSecurityGroup', {
    vpc,
    description: `Endpoints of AWS for the relay of ${Stack.of(scope).stackName}`,
    allowAllOutbound: false,
  });
  for (const group of groups)
    endpoints.addIngressRule(Peer.securityGroupId(group.securityGroupId), Port.tcp(443), 'the relay');
  for (const [id, service] of Object.entries(services)) {
    new InterfaceVpcEndpoint(scope, id, {
      vpc,
      service,
      open: false,
      securityGroups: [endpoints],
      ...(subnets !== undefined && { subnets }),
    });
  }
};
