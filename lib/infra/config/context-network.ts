import { Fn } from 'aws-cdk-lib';
import { type ISecurityGroup, type IVpc, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { configurationError } from './configuration-error.ts';
import type { VpcContext } from './context-values.ts';
import type { RelayNetwork } from './relay-network.ts';

/** The VPC of the context key `vpc`: imported from its ids, or looked up if the ids of its subnets are not given. */
export const networkOf = (scope: Construct, context: VpcContext): RelayNetwork => {
  const { vpcId, subnetIds, securityGroupIds, createEndpoints } = context;
  const vpc =
    subnetIds === undefined ? Vpc.fromLookup(scope, 'Vpc', { vpcId }) : vpcOf(scope, { ...context, subnetIds });
  return {
    vpc,
    createEndpoints,
    ...(subnetIds !== undefined && { subnets: { subnets: vpc.privateSubnets } }),
    ...(securityGroupIds !== undefined && {
      securityGroups: securityGroupIds.map(
        (id, i) => SecurityGroup.fromSecurityGroupId(scope, `SecurityGroup${i}`, id) as ISecurityGroup,
      ),
    }),
  };
};

const vpcOf = (scope: Construct, { vpcId, subnetIds, routeTableIds }: VpcContext & { subnetIds: string[] }): IVpc =>
  Vpc.fromVpcAttributes(scope, 'Vpc', {
    vpcId,
    // CDK wants one zone for each subnet. It only counts them; the zones' names appear in no template.
    availabilityZones: subnetIds.map((_, i) => Fn.select(i, Fn.getAzs())),
    privateSubnetIds: subnetIds,
    ...(routeTableIds !== undefined && { privateSubnetRouteTableIds: routeTableIds }),
  });

/**
 * The account and region in which a VPC is looked up; `undefined` if no lookup is needed, so the template fits any.
 * @throws ConfigurationError if a lookup is needed and the CDK CLI found no AWS credentials
 */
export const lookupEnvironment = (
  { vpc }: { readonly vpc?: VpcContext | undefined },
  { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region }: Readonly<Record<string, string | undefined>>,
): { account: string; region: string } | undefined => {
  if (vpc === undefined || vpc.subnetIds !== undefined) return undefined;
  if (account !== undefined && region !== undefined) return { account, region };
  const allowed =
    'is missing, so the VPC must be looked up, but there are no AWS credentials: name the subnets, or sign in to AWS';
  throw configurationError('relay', [{ place: 'relay.vpc.subnetIds', allowed }]);
};
