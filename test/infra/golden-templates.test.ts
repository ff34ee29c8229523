import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONFIGURATIONS } from './configurations.ts';
import { synthesise } from './synthesise.ts';

const GOLDEN = join(import.meta.dirname, 'golden');

describe.each(Object.entries(CONFIGURATIONS))('the template "%s"', (name, relay) => {
  it('is the one that was reviewed: run with UPDATE_GOLDEN=1 to accept a change', () => {
    const file = join(GOLDEN, `${name}.json`);
    const actual = `${JSON.stringify(normalised(synthesise(relay).template.toJSON()), null, 2)}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, actual);
    expect(actual).toBe(readFileSync(file, 'utf8'));
  });

  it('has no finding of cdk-nag that is not explained', () => {
    expect(synthesise(relay).findings).toEqual([]);
  });
});

it('keeps no golden template that nobody makes any more', () => {
  const templates = readdirSync(GOLDEN).filter((file) => file !== 'logical-ids.json');
  expect(templates.sort()).toEqual(
    Object.keys(CONFIGURATIONS)
      .map((name) => `${name}.json`)
      .sort(),
  );
});

describe('cfn-lint', () => {
  it('has nothing to say, where it is installed', { timeout: 60_000 }, ({ annotate }) => {
    const folder = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
    try {
      for (const [name, relay] of Object.entries(CONFIGURATIONS)) {
        writeFileSync(join(folder, `${name}.json`), JSON.stringify(synthesise(relay).template.toJSON()));
      }
      const report = cfnLint(folder);
      if (report === undefined)
        return annotate('cfn-lint is not installed here: the templates were not linted', 'notice');
      expect(report).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** W3005: CDK writes dependencies out that its references imply anyway. */
const IGNORED = ['W3005'];

/** What it finds; undefined where it is not installed. */
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

/** Without what changes with every build of the function or with CDK's own handler. */
const normalised = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json, (key, value) => (key === 'ZipFile' ? "CDK's own handler" : value)).replaceAll(
      /[0-9a-f]{64}/g,
      'ASSET-HASH',
    ),
  );
