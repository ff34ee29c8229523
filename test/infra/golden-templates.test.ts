import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONFIGURATIONS } from './configurations.ts';
import { synthesise } from './synthesise.ts';

const GOLDEN = join(import.meta.dirname, 'golden');

describe.each(Object.entries(CONFIGURATIONS))('the template "%s"', (name, relay) => {
  it('equals the reviewed one (UPDATE_GOLDEN=1 accepts a change)', () => {
    const file = join(GOLDEN, `${name}.json`);
    const actual = `${JSON.stringify(normalised(synthesise(relay).template.toJSON()), null, 2)}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, actual);
    expect(actual).toBe(readFileSync(file, 'utf8'));
  });

  it('has no unacknowledged finding of cdk-nag', () => {
    expect(synthesise(relay).findings).toEqual([]);
  });
});

it('has no golden template without a configuration', () => {
  const templates = readdirSync(GOLDEN).filter((file) => file !== 'logical-ids.json');
  expect(templates.sort()).toEqual(
    Object.keys(CONFIGURATIONS)
      .map((name) => `${name}.json`)
      .sort(),
  );
});

describe('cfn-lint', () => {
  it('reports nothing', { timeout: 180_000 }, ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
    try {
      for (const [name, relay] of Object.entries(CONFIGURATIONS)) {
        writeFileSync(join(folder, `${name}.json`), JSON.stringify(synthesise(relay).template.toJSON()));
      }
      const report = cfnLint(folder);
      if (report === undefined) skip('cfn-lint is not installed, so the templates were not linted');
      expect(report).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** W3005: CDK writes dependencies that its references imply. */
const IGNORED = ['W3005'];

/** The report of cfn-lint; `undefined` if it is not installed. @throws Error if cfn-lint itself fails */
const cfnLint = (folder: string): string | undefined => {
  const args = [`${folder}/*.json`, '--format', 'parseable', '--ignore-checks', ...IGNORED];
  const { error, status, stdout, stderr } = spawnSync('cfn-lint', args, { encoding: 'utf8' });
  // A shim, such as pyenv's, exits as a shell does for a command that it does not find.
  if ((error as { code?: string } | undefined)?.code === 'ENOENT' || status === 127) return undefined;
  // cfn-lint exits with the sum of 2 for errors, 4 for warnings and 8 for information.
  const isReport = status === 0 || (status !== null && (status & ~14) === 0 && stdout !== '');
  if (!isReport) throw new Error(`cfn-lint failed with ${status ?? error}: ${stderr}`);
  return stdout;
};

/** Removes what changes with every build of the function or with CDK's own Lambda function. */
const normalised = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json, (key, value) => (key === 'ZipFile' ? "CDK's own handler" : value)).replaceAll(
      /[0-9a-f]{64}/g,
      'ASSET-HASH',
    ),
  );
