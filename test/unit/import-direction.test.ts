import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importFaults } from '../helpers/import-rules.ts';

const root = path.join(import.meta.dirname, '../..');
const filesIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?ts$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));

const files = ['lambdas', 'lib', 'bin'].flatMap(filesIn);

describe('imports point one way', () => {
  it.each(files)('%s', (file) => {
    expect(importFaults({ path: file, text: readFileSync(path.join(root, file), 'utf8') })).toEqual([]);
  });

  it('looks at the whole function and the stack', () => {
    expect(files.filter((file) => file.startsWith('lambdas/relay/')).length).toBeGreaterThan(25);
    expect(files.filter((file) => file.startsWith('lib/infra/')).length).toBeGreaterThan(5);
  });

  it.each(['lib', 'lambdas'].flatMap(filesIn))('nothing imports bin: %s', (file) => {
    expect(readFileSync(path.join(root, file), 'utf8')).not.toMatch(/from '(\.\.\/)+bin\//);
  });
});

describe('the check', () => {
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
    ['lib/local/a.ts', "import { x } from '../../bin/relay.ts';", 'imports bin/relay.ts'],
  ])('finds in %s: %s', (file, text, fault) => {
    expect(importFaults({ path: file, text })).toEqual([`${file} ${fault}`]);
  });

  it.each<[string, string]>([
    ['lambdas/relay/domain/a.ts', "import * as v from 'valibot';\nimport { x } from './b.ts';"],
    ['lambdas/relay/domain/a.ts', "// as '../ports.ts' says: import x from '../ports.ts'\n/* process.env, Date.now */"],
    ['lambdas/relay/adapters/rocket-chat/a.ts', "import { x } from '../../ports.ts';\nimport y from '../secret.ts';"],
    ['lambdas/relay/handler.ts', "import { x } from './delivery/deliver.ts';\nimport pMap from 'p-map';"],
    ['lambdas/relay/index.ts', "import { x } from './adapters/secret.ts';\nprocess.env;"],
    ['lib/infra/a.ts', "import { Env } from '../../lambdas/relay/names.ts';\nimport { Stack } from 'aws-cdk-lib';"],
    ['lib/local/a.ts', "import { x } from '../../lambdas/relay/delivery/deliver.ts';"],
    ['test/anything.ts', "import x from '../bin/relay.ts';"],
  ])('has nothing against %s: %s', (file, text) => {
    expect(importFaults({ path: file, text })).toEqual([]);
  });
});
