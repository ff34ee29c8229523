import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigurationError } from '../lib/infra/config/configuration-error.ts';
import { readRelayContext } from '../lib/infra/config/context.ts';
import { checkContextKeys } from '../lib/infra/config/context-keys.ts';
import { lookupEnvironment } from '../lib/infra/config/context-network.ts';
import { RelayStack } from '../lib/infra/relay-stack.ts';

const app = new App();
try {
  checkContextKeys(Object.keys(app.node.getAllContext()));
  const context = readRelayContext((key) => app.node.tryGetContext(key));
  const env = lookupEnvironment(context, process.env);
  new RelayStack(app, context.stackName, { context, ...(env !== undefined && { env }) });
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(
    `${error.message}\nCorrect it in cdk.json or on the command line; docs/configuration.md documents every key.\n`,
  );
  process.exit(1);
}
// With this plugin, `cdk synth` exits with 1 if there is a finding that is not acknowledged.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
