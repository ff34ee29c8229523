import type { Template } from 'aws-cdk-lib/assertions';
import { ROUTES, synthesise } from './synthesise.ts';

const ACCOUNT = '123456789012';
const SUBNETS = ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'];
const ROUTE_TABLES = ['rtb-0123456789abcdef0', 'rtb-0123456789abcdef1'];

/** The values of the context key `relay` that have a reviewed template in `golden/`, by the template's file name. */
export const CONFIGURATIONS: Readonly<Record<string, Record<string, unknown>>> = {
  'relay-stack': { routes: ROUTES },
  'existing-buckets': {
    routes: ROUTES,
    bucketNames: ['acme-scans', 'acme-photos'],
    secretArn: `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:chat/bot-AbCdEf`,
    alarmTopicArn: `arn:aws:sns:eu-central-1:${ACCOUNT}:alarms`,
    dashboard: false,
  },
  'event-bridge': { routes: ROUTES, bucketName: 'acme-lake', eventBridge: true },
  'new-bucket-with-event-bridge': { routes: ROUTES, eventBridge: true, versioned: true },
  'own-keys': {
    routes: ROUTES,
    bucketName: 'acme-secrets',
    encryptionKeyArn: `arn:aws:kms:eu-central-1:${ACCOUNT}:key/11111111-2222-3333-4444-555555555555`,
    decryptionKeyArns: [`arn:aws:kms:eu-central-1:${ACCOUNT}:key/66666666-7777-8888-9999-000000000000`],
  },
  'private-network': {
    rocketChatUrl: 'https://chat.corp.acme.test:8443',
    vpc: {
      vpcId: 'vpc-0123456789abcdef0',
      subnetIds: SUBNETS,
      routeTableIds: ROUTE_TABLES,
      createEndpoints: true,
    },
    certificateAuthorityFile: 'test/infra/authority.pem',
    proxyUrl: 'http://proxy.corp.acme.test:3128',
  },
  scanned: { routes: ROUTES, requireMalwareScan: true, versioned: true },
  watched: {
    tracing: true,
    alarmEmail: 'ops@acme.test',
    quietAlarmAfterHours: 24,
    backlogAlarmAfterHours: 48,
    memorySizeMb: 1024,
    maxConcurrency: 10,
  },
};

/**
 * The synthesised template of a configuration. Tests do not read `golden/`: a change that is accepted there by mistake
 * must still fail the test that is about it.
 */
export const templateOf = (name: string): Template => synthesise(CONFIGURATIONS[name] ?? {}).template;
