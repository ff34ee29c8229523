import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readRelayContext } from '../../lib/infra/config/context.ts';
import { RelayStack } from '../../lib/infra/relay-stack.ts';

const cdkJson = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};

export const ROUTES = [
  { prefix: 'in box/', suffix: '.pdf', room: '#accounting' },
  { prefix: 'photos/', contentTypes: ['image/*'], room: '#photos', caption: 'New photo' },
];

/** Calls `use` with an app that has the context of `cdk.json`, deletes its assembly and returns the result of `use`. */
export const withApp = <T>(use: (app: App) => T): T => {
  const outdir = mkdtempSync(join(tmpdir(), 'assembly-'));
  try {
    return use(new App({ context: cdkJson.context, analyticsReporting: false, outdir }));
  } finally {
    rmSync(outdir, { recursive: true });
  }
};

export interface Synthesised {
  readonly template: Template;
  /** Unacknowledged findings of cdk-nag. */
  readonly findings: readonly string[];
  readonly warnings: readonly string[];
}

/** Synthesises the stack of `bin/app.ts` with the context key `relay`; equal keys are synthesised once per test file. */
export const synthesise = (relay: Record<string, unknown> = {}): Synthesised => {
  const key = JSON.stringify(relay);
  const known = synthesised.get(key) ?? synthesiseAnew(relay);
  synthesised.set(key, known);
  return known;
};

const synthesised = new Map<string, Synthesised>();

const synthesiseAnew = (relay: Record<string, unknown>): Synthesised =>
  withApp((app) => {
    const complete = { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#general' }], ...relay };
    const context = readRelayContext((key) => (key === 'relay' ? complete : undefined));
    const stack = new RelayStack(app, context.stackName, { context });
    const template = Template.fromStack(stack);
    const warnings = Annotations.fromStack(stack).findWarning('*', Match.anyValue());
    let findings: readonly string[] | undefined;
    return {
      template,
      // Only when a test asks for them, because they take as long as the synthesis.
      get findings() {
        findings ??= new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName);
        return findings;
      },
      warnings: warnings.map(({ entry }) => String(entry.data)),
    };
  });

/** The relay's only resource of a type whose logical id contains `idPart`. @throws Error if there is not exactly one */
export const resourceOf = (template: Template, type: string, idPart = '') => {
  const resources = Object.entries(template.findResources(type));
  // Excludes the resources that CDK adds for a bucket's notifications.
  const [found, ...others] = resources.filter(([id]) => id.startsWith('Relay') && id.includes(idPart));
  if (found === undefined || others.length > 0)
    throw new Error(`expected one ${type} ${idPart}, found ${Object.keys(resources)}`);
  const [id, { Properties }] = found as [string, { Properties: Record<string, unknown> }];
  return { id, Properties, arn: { 'Fn::GetAtt': [id, 'Arn'] } };
};
