import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importCircles, importFaults } from '../helpers/import-rules.ts';

const root = path.join(import.meta.dirname, '../..');
const filesIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?ts$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));

const files = ['lambdas', 'lib', 'bin'].flatMap(filesIn);
const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8');

describe('the imports of the function, the libraries and the commands', () => {
  it.each(files)('follow the rules in %s', (file) => {
    expect(importFaults({ path: file, text: textOf(file) })).toEqual([]);
  });

  it('contain no circle, type imports included', () => {
    expect(importCircles(files.map((file) => ({ path: file, text: textOf(file) })))).toEqual([]);
  });

  it('are read from the whole function and the whole stack', () => {
    expect(files.filter((file) => file.startsWith('lambdas/relay/')).length).toBeGreaterThan(25);
    expect(files.filter((file) => file.startsWith('lib/infra/')).length).toBeGreaterThan(5);
  });

  it.each(['lib', 'lambdas'].flatMap(filesIn))('do not lead to bin/ from %s', (file) => {
    expect(textOf(file)).not.toMatch(/from '(\.\.\/)+bin\//);
  });
});

describe('importFaults', () => {
  it.each<[string, string, string]>([
    ['lambdas/relay/domain/a.ts', "import { x } from '../ports.ts';", 'imports lambdas/relay/ports.ts'],
    ['lambdas/relay/domain/a.ts', "import type { x } from '../names.ts';", 'imports lambdas/relay/names.ts'],
    ['lambdas/relay/domain/a.ts', "import { readFile } from 'node:fs';", 'imports the package node:fs'],
    [
      'lambdas/relay/domain/a.ts',
      'import {\n  S3Client,\n} from "@aws-sdk/client-s3";',
      'imports the package @aws-sdk/client-s3',
    ],
    ['lambdas/relay/domain/a.ts', 'const now = Date.now();', 'uses the ambient Date.now'],
    ['lambdas/relay/domain/a.ts', "export * from '../adapters/s3/crc.ts';", 'imports lambdas/relay/adapters/s3/crc.ts'],
    ['lambdas/relay/domain/a.ts', "await import('../handler.ts');", 'imports lambdas/relay/handler.ts'],
    ['lambdas/relay/domain/a.ts', "import './../index.ts';", 'imports lambdas/relay/index.ts'],
    [
      'lambdas/relay/adapters/a.ts',
      "import { x } from '../delivery/deliver.ts';",
      'imports lambdas/relay/delivery/deliver.ts',
    ],
    ['lambdas/relay/adapters/b/a.ts', "import { x } from '../../config.ts';", 'imports lambdas/relay/config.ts'],
    ['lambdas/relay/adapters/a.ts', 'const url = process.env.URL;', 'reads process.env'],
    ['lambdas/relay/adapters/a.ts', "const url = process['env']['URL'];", 'reads process.env'],
    [
      'lambdas/relay/delivery/deliver.ts',
      "import { createSecret } from '../adapters/secret.ts';",
      'imports lambdas/relay/adapters/secret.ts',
    ],
    [
      'lambdas/relay/handler.ts',
      "import { S3Client } from '@aws-sdk/client-s3';",
      'imports the package @aws-sdk/client-s3',
    ],
    ['lambdas/relay/handler.ts', "import { readConfig } from './config.ts';", 'imports lambdas/relay/config.ts'],
    ['lambdas/relay/delivery/steps.ts', 'process.env', 'reads process.env'],
    ['lambdas/relay/config.ts', 'process.env', 'reads process.env'],
    [
      'lambdas/relay/config.ts',
      "import { x } from './adapters/secret.ts';",
      'imports lambdas/relay/adapters/secret.ts',
    ],
    [
      'lambdas/relay/ports.ts',
      "import { x } from './delivery/deliver.ts';",
      'imports lambdas/relay/delivery/deliver.ts',
    ],
    ['lambdas/relay/index.ts', "import { x } from '../../lib/local/index.ts';", 'imports lib/local/index.ts'],
    ['lib/infra/a.ts', "import { x } from '../../lambdas/relay/config.ts';", 'imports lambdas/relay/config.ts'],
    ['lib/infra/a.ts', "import { x } from '../local/index.ts';", 'imports lib/local/index.ts'],
    ['lib/infra/config/a.ts', "import type { x } from '../relay-props.ts';", 'imports lib/infra/relay-props.ts'],
    ['lib/infra/config/a.ts', "import { x } from '../monitoring/alarms.ts';", 'imports lib/infra/monitoring/alarms.ts'],
    ['lib/infra/config/a.ts', 'process.env', 'reads process.env'],
    ...['function', 'storage', 'monitoring'].map((folder): [string, string, string] => [
      `lib/infra/${folder}/a.ts`,
      "import type { RocketChatRelay } from '../rocket-chat-relay.ts';",
      'imports lib/infra/rocket-chat-relay.ts',
    ]),
    ['lib/local/a.ts', "import { x } from '../../bin/relay.ts';", 'imports bin/relay.ts'],
  ])('reports in %s: %s', (file, text, fault) => {
    expect(importFaults({ path: file, text })).toEqual([`${file} ${fault}`]);
  });

  it.each<[string, string]>([
    ['lambdas/relay/domain/a.ts', "import * as v from 'valibot';\nimport { x } from './b.ts';"],
    ['lambdas/relay/domain/a.ts', "// as '../ports.ts' says: import x from '../ports.ts'\n/* process.env, Date.now */"],
    ['lambdas/relay/adapters/rocket-chat/a.ts', "import { x } from '../../ports.ts';\nimport y from '../secret.ts';"],
    ['lambdas/relay/handler.ts', "import { x } from './delivery/deliver.ts';\nimport pMap from 'p-map';"],
    ['lambdas/relay/index.ts', "import { x } from './adapters/secret.ts';\nprocess.env;"],
    ['lib/infra/a.ts', "import { Env } from '../../lambdas/relay/names.ts';\nimport { Stack } from 'aws-cdk-lib';"],
    ['lib/infra/config/a.ts', "import { x } from './b.ts';\nimport { y } from '../../../lambdas/relay/names.ts';"],
    ['lib/infra/function/a.ts', "import type { x } from '../relay-parts.ts';\nimport { y } from '../config/b.ts';"],
    ['lib/local/a.ts', "import { x } from '../../lambdas/relay/delivery/deliver.ts';"],
    ['test/anything.ts', "import x from '../bin/relay.ts';"],
  ])('reports nothing in %s: %s', (file, text) => {
    expect(importFaults({ path: file, text })).toEqual([]);
  });
});

describe('importCircles', () => {
  const circlesOf = (files: Readonly<Record<string, string>>): string[] =>
    importCircles(Object.entries(files).map(([file, text]) => ({ path: file, text })));

  it('prints the whole circle', () => {
    const circles = circlesOf({
      'lib/start.ts': "import { a } from './x/a.ts';",
      'lib/x/a.ts': "import { b } from '../y/b.ts';",
      'lib/y/b.ts': "export * from './c.ts';",
      'lib/y/c.ts': "import { a } from '../x/a.ts';",
    });
    expect(circles).toEqual(['lib/x/a.ts → lib/y/b.ts → lib/y/c.ts → lib/x/a.ts']);
  });

  it.each([
    ['import type', "import type { A } from './a.ts';"],
    ['an inline type import', "import { type A } from './a.ts';"],
    ['an import expression in a type', "type A = import('./a.ts').A;"],
    ['a re-export of types', "export type { A } from './a.ts';"],
  ])('finds a circle that %s closes', (_form, text) => {
    expect(circlesOf({ 'lib/a.ts': "import { b } from './b.ts';", 'lib/b.ts': text })).toEqual([
      'lib/a.ts → lib/b.ts → lib/a.ts',
    ]);
  });

  it('finds several circles, and a file that imports itself', () => {
    const circles = circlesOf({
      'lib/a.ts': "import './b.ts';\nimport './c.ts';",
      'lib/b.ts': "import './a.ts';",
      'lib/c.ts': "import './a.ts';\nimport './c.ts';",
    });
    expect(circles).toEqual([
      'lib/a.ts → lib/b.ts → lib/a.ts',
      'lib/a.ts → lib/c.ts → lib/a.ts',
      'lib/c.ts → lib/c.ts',
    ]);
  });

  it('reports no circle if two files import a third one', () => {
    expect(
      circlesOf({
        'lib/a.ts': "import './b.ts';\nimport './c.ts';",
        'lib/b.ts': "import './c.ts';",
        'lib/c.ts': "// import './a.ts';\nimport 'node:fs';",
      }),
    ).toEqual([]);
  });
});
