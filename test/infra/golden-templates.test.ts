import { execFileSync } from 'node:child_process';
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
  it('reports nothing, if it is installed', { timeout: 60_000 }, ({ annotate }) => {
    const folder = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
    try {
      for (const [name, relay] of Object.entries(CONFIGURATIONS)) {
        writeFileSync(join(folder, `${name}.json`), JSON.stringify(synthesise(relay).template.toJSON()));
      }
      const report = cfnLint(folder);
      if (report === undefined)
        return annotate('cfn-lint is not installed, so the templates were not linted', 'notice');
      expect(report).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** W3005: CDK writes dependencies that its references imply. */
const IGNORED = ['W3005'];

/** Returns the report of cfn-lint; `undefined` if it is not installed. */
const cfnLint = (folder: string): string | undefined => {
  try {
    return execFileSync('cfn-lint', [`${folder}/*.json`, '--format', 'parseable', '--ignore-checks', ...IGNORED], {
      encoding: 'utf8',
    });
  } catch (error) {
    const { code, stdout } = error as { code?: string; stdout?: string };
    if (code === 'ENOENT') return undefined;
    return stdout ?? String(error);
  }
};

/** Removes what changes with every build of the function or with CDK's own Lambda function. */
const normalised = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json, (key, value) => (key === 'ZipFile' ? "CDK's own handler" : value)).replaceAll(
      /[0-9a-f]{64}/g,
      'ASSET-HASH',
    ),
  );
