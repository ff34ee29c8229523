import { Fn } from 'aws-cdk-lib';
import { type ISecurityGroup, type IVpc, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { RelayNetwork } from '../relay-props.ts';
import { configurationError } from './configuration-error.ts';
import type { RelayContext } from './context.ts';
import type { VpcContext } from './context-values.ts';

/** The VPC that the context names: by its parts, which needs no account on synth, or looked up. */
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
    // One for each subnet. CDK only counts them; which zones those are stands in no template.
    availabilityZones: subnetIds.map((_, i) => Fn.select(i, Fn.getAzs())),
    privateSubnetIds: subnetIds,
    ...(routeTableIds !== undefined && { privateSubnetRouteTableIds: routeTableIds }),
  });

/**
 * Account and region that a VPC is looked up in. Without a lookup the template fits any.
 * @throws ConfigurationError if nobody is signed in to AWS
 */
export const lookupEnvironment = (
  { vpc }: Pick<RelayContext, 'vpc'>,
  { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region }: Readonly<Record<string, string | undefined>>,
): { account: string; region: string } | undefined => {
  if (vpc === undefined || vpc.subnetIds !== undefined) return undefined;
  if (account !== undefined && region !== undefined) return { account, region };
  const allowed =
    'is missing, so the VPC must be looked up, and nobody is signed in to AWS: name the subnets, or sign in';
  throw configurationError('relay', [{ place: 'relay.vpc.subnetIds', allowed }]);
};
