import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { describe, expect, it } from 'vitest';
import { OptionalEnv } from '../../lambdas/relay/names.ts';
import { readRelayContext } from '../../lib/infra/config/context.ts';
import { lookupEnvironment } from '../../lib/infra/config/context-network.ts';
import { RelayStack } from '../../lib/infra/relay-stack.ts';
import { RocketChatRelay } from '../../lib/infra/rocket-chat-relay.ts';
import { templateOf } from './configurations.ts';
import { withApp } from './synthesise.ts';

const template = templateOf('private-network');
const functionOf = (given: Template) =>
  Object.entries(given.findResources('AWS::Lambda::Function')).find(([id]) => id.startsWith('RelayFunction'))?.[1][
    'Properties'
  ];

const LOOKED_UP = {
  vpcId: 'vpc-01234567',
  vpcCidrBlock: '10.0.0.0/16',
  availabilityZones: [],
  subnetGroups: [
    {
      name: 'Private',
      type: 'Private',
      subnets: [
        {
          subnetId: 'subnet-0123456789abcdef2',
          cidr: '10.0.0.0/24',
          availabilityZone: 'eu-central-1a',
          routeTableId: 'rtb-0123456789abcdef2',
        },
      ],
    },
  ],
};

describe('the function in a VPC', () => {
  it('runs in the named subnets with a security group of its own', () => {
    expect(functionOf(template).VpcConfig).toEqual({
      SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      SecurityGroupIds: [{ 'Fn::GetAtt': [expect.stringMatching(/^RelaySecurityGroup/), 'GroupId'] }],
    });
  });

  it('may connect to the ports of the chat server, the proxy, AWS and DNS only, and accepts no connection', () => {
    const groups = Object.entries(template.findResources('AWS::EC2::SecurityGroup'));
    const own = groups.find(([id]) => id.startsWith('RelaySecurityGroup'))?.[1]['Properties'];
    expect(own.SecurityGroupIngress).toBeUndefined();
    expect(
      own.SecurityGroupEgress.map(({ FromPort, ToPort, IpProtocol }: Record<string, unknown>) => [
        IpProtocol,
        FromPort,
        ToPort,
      ]),
    ).toEqual([
      ['tcp', 443, 443],
      ['tcp', 3128, 3128],
      ['tcp', 8443, 8443],
      ['udp', 53, 53],
      ['tcp', 53, 53],
    ]);
  });

  it('reaches every service that it calls through an endpoint that only it may use', () => {
    const endpoints = Object.values(template.findResources('AWS::EC2::VPCEndpoint')).map(
      ({ Properties }) => Properties,
    );
    const names = endpoints.map(
      ({ ServiceName }) => JSON.stringify(ServiceName).match(/(s3|dynamodb|sqs|secretsmanager)"/)?.[1],
    );
    expect(names.sort()).toEqual(['dynamodb', 's3', 'secretsmanager', 'sqs']);
    for (const { VpcEndpointType, RouteTableIds, SecurityGroupIds, PrivateDnsEnabled } of endpoints) {
      if (VpcEndpointType === 'Gateway')
        expect(RouteTableIds).toEqual(['rtb-0123456789abcdef0', 'rtb-0123456789abcdef1']);
      else expect([SecurityGroupIds.length, PrivateDnsEnabled]).toEqual([1, true]);
    }
    const groups = Object.entries(template.findResources('AWS::EC2::SecurityGroup'));
    const ofEndpoints = groups.find(([id]) => id.startsWith('RelayEndpoints'))?.[1]['Properties'];
    expect(ofEndpoints.SecurityGroupIngress).toEqual([
      expect.objectContaining({
        FromPort: 443,
        SourceSecurityGroupId: { 'Fn::GetAtt': [expect.stringMatching(/^RelaySecurityGroup/), 'GroupId'] },
      }),
    ]);
  });

  it('can use a VPC of the same app', () => {
    withApp((app: App) => {
      const stack = new Stack(app, 'Mine');
      const vpc = new Vpc(stack, 'Vpc', { natGateways: 1, maxAzs: 2 });
      new RocketChatRelay(stack, 'Relay', {
        rocketChatUrl: 'https://chat.acme.test',
        routes: [{ room: '#a' }],
        network: { vpc: vpc as IVpc, subnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS } },
      });
      const own = Template.fromStack(stack);
      own.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
      own.resourceCountIs('AWS::EC2::EIP', 1);
      expect(functionOf(own).VpcConfig.SubnetIds).toHaveLength(2);
    });
  });

  it('uses a looked-up VPC if no subnets are named, in the account of the AWS credentials', () => {
    const relay = { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#a' }], vpc: { vpcId: 'vpc-01234567' } };
    const context = readRelayContext((key) => (key === 'relay' ? relay : undefined));
    expect(() => lookupEnvironment(context, {})).toThrow(
      /relay\.vpc\.subnetIds: is missing, .* name the subnets, or sign in/,
    );
    const env = lookupEnvironment(context, { CDK_DEFAULT_ACCOUNT: '123456789012', CDK_DEFAULT_REGION: 'eu-central-1' });
    expect(env).toEqual({ account: '123456789012', region: 'eu-central-1' });
    withApp((app: App) => {
      // CDK writes this to cdk.context.json after a lookup.
      app.node.setContext(
        'vpc-provider:account=123456789012:filter.vpc-id=vpc-01234567:region=eu-central-1:returnAsymmetricSubnets=true',
        LOOKED_UP,
      );
      const stack = new RelayStack(app, 'Mine', { context, ...(env !== undefined && { env }) });
      const { SubnetIds } = functionOf(Template.fromStack(stack)).VpcConfig;
      expect(SubnetIds).toEqual(['subnet-0123456789abcdef2']);
    });
    expect(lookupEnvironment({ vpc: undefined }, {})).toBeUndefined();
  });
});

describe('a private certificate authority and a proxy', () => {
  it('are set in the environment of the function', () => {
    expect(functionOf(template).Environment.Variables).toMatchObject({
      NODE_EXTRA_CA_CERTS: '/var/task/ca.pem',
      [OptionalEnv.RocketChatProxyUrl]: 'http://proxy.corp.acme.test:3128',
    });
    expect(functionOf(templateOf('relay-stack')).Environment.Variables).not.toHaveProperty('NODE_EXTRA_CA_CERTS');
  });

  it('are deployed: the certificate file is in the asset of the function', () => {
    const pem = readFileSync(new URL('authority.pem', import.meta.url), 'utf8');
    withApp((app: App) => {
      const stack = new Stack(app, 'Mine');
      new RocketChatRelay(stack, 'Relay', {
        rocketChatUrl: 'https://chat.acme.test',
        routes: [{ room: '#a' }],
        certificateAuthority: pem,
      });
      const { directory } = app.synth();
      const assets = readdirSync(directory).filter((name) => name.startsWith('asset.'));
      const code = assets.find((name) => readdirSync(join(directory, name)).includes('ca.pem')) ?? 'none';
      expect(readFileSync(join(directory, code, 'ca.pem'), 'utf8')).toBe(pem);
    });
  });

  it('are refused if the certificate file holds a private key', () => {
    withApp((app: App) => {
      const stack = new Stack(app, 'Mine');
      const certificateAuthority = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
      const props = { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#a' }], certificateAuthority };
      expect(() => new RocketChatRelay(stack, 'Relay', props)).toThrow(
        /certificateAuthority.*must not hold a private key/,
      );
      expect(() => new RocketChatRelay(stack, 'Relay2', props)).not.toThrow(/AAAA/);
    });
  });
});

it('X-Ray traces the function and its calls only if tracing is true', () => {
  const traced = functionOf(templateOf('watched'));
  expect(traced.TracingConfig).toEqual({ Mode: 'Active' });
  expect(traced.Environment.Variables).toHaveProperty(OptionalEnv.Tracing, '1');
  const plain = functionOf(templateOf('relay-stack'));
  expect(plain.TracingConfig).toBeUndefined();
  expect(plain.Environment.Variables).not.toHaveProperty(OptionalEnv.Tracing);
});
