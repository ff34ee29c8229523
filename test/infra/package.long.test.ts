import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Project, ts } from 'ts-morph';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SETTINGS_FILE } from '../../lambdas/relay/names.ts';

const ROOT = join(import.meta.dirname, '../..');
const PEERS = ['aws-cdk-lib', 'constructs'];

const run = (cwd: string, command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const json = (file: string): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8'));

/** A consumer's app that uses each kind of export of the package. */
const APP = `
import { App, Stack } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { User } from 'aws-cdk-lib/aws-iam';
import { ConfigurationError, estimateCost, Metric, RocketChatRelay, type RocketChatRelayProps } from 's3-to-rocketchat';

const props: RocketChatRelayProps = {
  rocketChatUrl: 'https://chat.acme.test',
  routes: [{ prefix: 'invoices/', room: '#accounting' }, { room: '#uploads' }],
};
const app = new App({ outdir: 'cdk.out' });
const stack = new Stack(app, 'Mine');
const relay = new RocketChatRelay(stack, 'Relay', props);
relay.grantUpload(new User(stack, 'Uploader'), 'invoices/');
const metric = relay.metricObjectsPosted();
new Alarm(stack, 'Busy', { metric, threshold: 1000, evaluationPeriods: 1 });
const dollars: number = estimateCost({ objects: 1e6, sizeBytes: 1024 }).total;
try {
  new RocketChatRelay(stack, 'Wrong', { ...props, filesAtOnce: 0 });
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  // @ts-expect-error: a route needs a room
  const wrong: RocketChatRelayProps = { ...props, routes: [{ prefix: 'a/' }] };
  console.log(JSON.stringify({ message: error.message, dollars, metric: Metric.ObjectsPosted, wrong: wrong.routes.length }));
}
app.synth();
`;

let folder: string;
let app: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'package-'));
  // As for the registry: the script "prepack" builds what the package contains.
  run(ROOT, 'npm', 'pack', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'no tarball';
  app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'mine', private: true, type: 'module' }));
  writeFileSync(join(app, 'app.ts'), APP);
  // The package declares no dependency but its peers, which are linked from the clone, so npm can install it offline.
  run(app, 'npm', 'install', '--offline', '--legacy-peer-deps', '--no-audit', '--no-fund', join(folder, tarball));
  for (const peer of PEERS) symlinkSync(join(ROOT, 'node_modules', peer), join(app, 'node_modules', peer));
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed construct in a fresh app', { timeout: 180_000 }, () => {
  it('installs no dependency of its own and contains no sources', () => {
    expect(
      readdirSync(join(app, 'node_modules'))
        .filter((name) => !name.startsWith('.'))
        .sort(),
    ).toEqual(['aws-cdk-lib', 'constructs', 's3-to-rocketchat']);
    const installed = join(app, 'node_modules/s3-to-rocketchat');
    const { dependencies, peerDependencies, private: isPrivate } = json(join(installed, 'package.json'));
    expect(dependencies).toBeUndefined();
    expect(isPrivate).toBeUndefined();
    expect(Object.keys(peerDependencies as object)).toEqual(PEERS);
    expect(readdirSync(join(installed, 'dist')).sort()).toEqual(
      ['THIRD-PARTY-LICENSES', 'function', 'index.js', 'package.json', 'relay', 'types'].sort(),
    );
    expect(readdirSync(join(installed, 'bin'))).toEqual(['relay.js']);
    expect(readdirSync(installed)).not.toContain('lambdas');
    expect(readFileSync(join(installed, 'dist/THIRD-PARTY-LICENSES'), 'utf8')).toContain('Apache License');
  });

  it('synthesises with the bundle from the package and a settings file beside it', () => {
    const output = run(app, process.execPath, 'app.ts');
    const { message, ...rest } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as { message: string };
    expect(message).toContain('RocketChatRelay.filesAtOnce is 0: must be at least 1 files');
    expect(rest).toEqual({ dollars: expect.any(Number), metric: 'ObjectsPosted', wrong: 1 });

    const assets = readdirSync(join(app, 'cdk.out')).filter((name) => name.startsWith('asset.'));
    const code = assets.find((name) => readdirSync(join(app, 'cdk.out', name)).includes(SETTINGS_FILE)) ?? '';
    expect(readdirSync(join(app, 'cdk.out', code)).sort()).toEqual(['index.js', 'package.json', SETTINGS_FILE]);
    const shipped = readFileSync(join(app, 'node_modules/s3-to-rocketchat/dist/function/index.js'));
    expect(readFileSync(join(app, 'cdk.out', code, 'index.js')).equals(shipped)).toBe(true);
    const { Resources } = json(join(app, 'cdk.out/Mine.template.json')) as {
      Resources: Record<string, { Type: string }>;
    };
    expect(Object.values(Resources).map(({ Type }) => Type)).toContain('AWS::DynamoDB::Table');
  });

  it('can be required from CommonJS', () => {
    const program =
      "const p = require('s3-to-rocketchat'); console.log(typeof p.RocketChatRelay, typeof p.estimateCost)";
    expect(run(app, process.execPath, '--input-type=commonjs', '--eval', program)).toBe('function function\n');
  });

  it('has types that compile in strict mode without the packages that built it', () => {
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: false,
      module: 'nodenext',
      target: 'es2023',
      noEmit: true,
      types: [],
      lib: ['es2023', 'dom'],
      skipLibCheck: false,
    };
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
    expect(typeErrors()).toEqual([]);
  });

  it('has types that an app with "module": "commonjs" finds, as `cdk init` wrote it for years', () => {
    writeFileSync(join(app, 'commonjs.ts'), APP);
    const project = new Project({
      compilerOptions: {
        strict: true,
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
        types: [],
        skipLibCheck: true,
      },
    });
    const source = project.addSourceFileAtPath(join(app, 'commonjs.ts'));
    expect(project.formatDiagnosticsWithColorAndContext(source.getPreEmitDiagnostics())).toBe('');
    const types = source.getImportDeclarationOrThrow('s3-to-rocketchat').getModuleSpecifierSourceFileOrThrow();
    expect(types.getFilePath()).toMatch(/s3-to-rocketchat\/dist\/types\/lib\/index\.d\.ts$/);
  });
});

describe('the packed command', { timeout: 180_000 }, () => {
  const relay = (...args: string[]) =>
    spawnSync(join(app, 'node_modules/.bin/relay'), args, { cwd: app, encoding: 'utf8' });

  it('prints the list of commands and exits with 0 for --help', () => {
    const { status, stdout, stderr } = relay('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Usage: npx relay COMMAND');
    expect(stdout).toMatch(/^ {2}local /m);
  });

  it('prints the version of the package for --version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(relay('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('is what npx runs under the name of the package', () => {
    expect(run(app, 'npx', '--offline', 's3-to-rocketchat', '--help')).toBe(relay('--help').stdout);
  });

  it('exits with 2 and names the commands when it is called with none or with an unknown one', () => {
    for (const args of [[], ['lokal']]) {
      const { status, stdout, stderr } = relay(...args);
      expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' });
      expect(stderr).toContain('Usage: npx relay COMMAND');
    }
  });

  it('has every check of the doctor, and says what to set without AWS credentials', () => {
    const list = run(app, 'npx', '--offline', 's3-to-rocketchat', 'doctor', '--list');
    expect(list).toMatch(/^event-source-mapping\taws\t/m);
    const { status, stdout, stderr } = spawnSync(
      join(app, 'node_modules/.bin/relay'),
      ['doctor', '--stack', 'X', '--region', 'eu-central-1'],
      { cwd: app, encoding: 'utf8', env: { PATH: process.env['PATH'], AWS_EC2_METADATA_DISABLED: 'true', HOME: app } },
    );
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain('No AWS credentials were found');
  });

  it('exits with 1 and says where `relay local` can be run, because the package has no emulators', () => {
    const { status, stderr } = relay('local', '--once');
    expect(status).toBe(1);
    expect(stderr).toContain('only in a clone of the repository');
    expect(stderr).toContain('npm ci && npm start');
  });
});

/** Type errors in the app and in the package. CDK's own types have some without `skipLibCheck`; those are left out. */
const typeErrors = (): string[] => {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  let output = '';
  try {
    output = run(app, process.execPath, tsc, '--pretty', 'false');
  } catch (error) {
    output = String((error as { stdout?: unknown }).stdout);
  }
  return output.split('\n').filter((line) => line.includes('error TS') && !line.includes('aws-cdk-lib/'));
};
