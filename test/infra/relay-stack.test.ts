import { describe, expect, it } from 'vitest';
import { readRelayContext } from '../../lib/infra/config/context.ts';
import { RelayStack } from '../../lib/infra/relay-stack.ts';
import { ROUTES, synthesise, withApp } from './synthesise.ts';

describe('the stack', () => {
  it.each([
    { name: 'without prefixes', relay: {} },
    { name: 'with prefixes of special characters', relay: { routes: [{ room: '#a', prefix: `a b+c=?\${x[ü}/` }] } },
  ])('has no unacknowledged finding $name', ({ relay }) => {
    expect(synthesise(relay).findings).toEqual([]);
  });

  it("keeps the log of CDK's handler for bucket notifications as long as the function's", () => {
    const { template } = synthesise({ logRetentionDays: 30 });
    const [[id] = ['']] = Object.entries(template.findResources('AWS::Logs::LogGroup')).filter(([name]) =>
      name.startsWith('NotificationsLog'),
    );
    template.hasResource('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete', Properties: { RetentionInDays: 30 } });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'index.handler',
      Timeout: 300,
      LoggingConfig: { LogGroup: { Ref: id } },
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  it('watches a bucket that is named twice once', () => {
    const { template } = synthesise({ bucketNames: ['acme-lake', 'acme-lake'] });
    template.resourceCountIs('Custom::S3BucketNotifications', 1);
  });

  it('has outputs with the commands for the next steps and for dead letters', () => {
    const outputs = JSON.stringify(synthesise({ routes: ROUTES }).template.findOutputs('*'));
    expect(outputs).toContain('aws secretsmanager put-secret-value');
    expect(outputs).toContain('--secret-string file://token.json');
    expect(outputs).toMatch(/aws s3 cp example\.pdf 's3:\/\/.*\/in box\/example\.pdf'/);
    expect(outputs).toMatch(/aws sqs start-message-move-task .*--destination-arn/);
  });

  it.each([
    ['https://chat.example.com', undefined, true],
    ['https://chat.example.com', 'true', false],
    ['https://chat.acme.test', undefined, false],
  ])('for the URL %s, with -c allowExample=%s, fails: %s', (rocketChatUrl, allowExample, fails) => {
    withApp((app) => {
      if (allowExample !== undefined) app.node.setContext('allowExample', allowExample);
      const relay = { rocketChatUrl, routes: [{ room: '#general' }] };
      const context = readRelayContext((key) => (key === 'relay' ? relay : undefined));
      new RelayStack(app, 'Example', { context });
      if (fails) expect(() => app.synth()).toThrow("is an example and can't be deployed");
      else expect(() => app.synth()).not.toThrow();
    });
  });
});
