import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtCommand } from '../../helpers/built-command.ts';
import { runCommand } from '../../helpers/operator.ts';

const ROOT = join(import.meta.dirname, '../../..');

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  writeFileSync(join(folder, 'relay'), `#!/bin/sh\nexec "${process.execPath}" "${await builtCommand()}" "$@"\n`);
  chmodSync(join(folder, 'relay'), 0o700);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What bash offers after these words, by the script that the command prints. */
const completed = (...words: string[]): string[] => {
  // _get_comp_words_by_ref is part of the package bash-completion.
  const program = `
    _get_comp_words_by_ref() { cur="\${COMP_WORDS[COMP_CWORD]}"; words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
    compopt() { :; }
    __ltrim_colon_completions() { :; }
    source <(relay completion bash)
    COMP_WORDS=(relay ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
    __relay_complete
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['--norc', '--noprofile', '-c', program], {
    cwd: join(ROOT, 'samples'),
    env: { PATH: `${folder}:${process.env['PATH']}` },
    encoding: 'utf8',
  });
  return output
    .split('\n')
    .map((line) => line.split('\t')[0]?.trim() ?? '')
    .filter((line) => line !== '');
};

describe('completion', () => {
  it('completes commands, options, checks and files in bash', () => {
    expect(completed('do')).toEqual(['doctor']);
    expect(completed('credentials', '--ro')).toEqual(['--rotate']);
    expect(completed('doctor', 'token-')).toEqual(['token-expiry']);
    expect(completed('doctor', '--only', 's')).toEqual(['server']);
    expect(completed('send', 'sales')).toEqual(['sales + costs.csv']);
  });

  it.each([
    ['bash', 'complete -F __relay_complete relay'],
    ['zsh', '#compdef relay'],
    ['fish', 'complete -c relay'],
  ])('prints a script for %s', async (shell, text) => {
    const { exitCode, stdout } = await runCommand(['completion', shell]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(text);
  });

  it('exits with 2 and names the shells for another one', async () => {
    const { exitCode, stderr } = await runCommand(['completion', 'tcsh']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Allowed choices are zsh, bash, fish');
  });
});
