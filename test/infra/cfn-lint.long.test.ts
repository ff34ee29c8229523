import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONFIGURATIONS } from './configurations.ts';
import { synthesise } from './synthesise.ts';

it('cfn-lint reports nothing about any template', { timeout: 180_000 }, ({ skip }) => {
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
