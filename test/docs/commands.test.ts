import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { CommanderError } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import type { CommandIo } from '../../lib/operator/command.ts';
import { createProgram } from '../../lib/operator/program.ts';
import { allPages, ROOT, snippetsOf, spansOf } from './pages.ts';

interface Line {
  readonly place: string;
  readonly text: string;
}

const SHELL = ['', 'sh', 'bash'];

/** The lines of shell snippets and the code spans of the prose. */
const lines: readonly Line[] = allPages.flatMap((page) => [
  ...snippetsOf(page)
    .filter(({ language }) => SHELL.includes(language))
    .flatMap(({ code, line }) =>
      code
        // A line that ends with a backslash continues in the next one.
        .replace(/\\\n/g, ' ')
        .split('\n')
        .map((text) => ({ place: `${page.path}:${line}`, text })),
    ),
  ...spansOf(page).map(({ code, line }) => ({ place: `${page.path}:${line}`, text: code })),
]);

const COMMAND = /(?:^|[|;&] *)(?:npx relay|npx s3-to-rocketchat|relay|npm start(?: --silent)? --)(?= )/g;

/** The words of a simple command, until a pipe, a redirection, the next command or a comment. */
const wordsOf = (text: string): string[] => {
  const words: string[] = [];
  for (const [all, single, double] of text.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/g)) {
    if (/^([|;&>]|#)/.test(all)) break;
    words.push(single ?? double ?? all.replace(/;$/, ''));
    if (/[^'"];$/.test(all)) break;
  }
  return words;
};

/** What `relay` gets as arguments. */
const calls = lines.flatMap(({ place, text }) =>
  [...text.matchAll(COMMAND)].map(({ index, 0: program }) => ({
    place,
    text,
    args: [...(program.includes('npm start') ? ['local'] : []), ...wordsOf(text.slice(index + program.length))],
  })),
);

const HELP = ['commander.help', 'commander.helpDisplayed', 'commander.version'];

/** Lets commander parse the arguments with the real commands, whose actions are not called. */
const faultOf = async (args: readonly string[]): Promise<string | undefined> => {
  let text = '';
  const collect = new PassThrough().on('data', (chunk) => {
    text += chunk;
  });
  const io: CommandIo = {
    stdin: new PassThrough(),
    stdout: new PassThrough().resume(),
    stderr: collect,
    env: {},
    cwd: ROOT,
    isTerminal: false,
    signal: new AbortController().signal,
  };
  // The package behind `relay completion` has an action of its own, which prints the script.
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await createProgram(io, () => async () => {}).parseAsync([...args], { from: 'user' });
    return undefined;
  } catch (error) {
    // A text may name a group of commands, such as `relay dead-letters`, for which commander prints the help.
    if (error instanceof CommanderError) return HELP.includes(error.code) ? undefined : error.message;
    throw new Error(`relay ${args.join(' ')}: ${text}`, { cause: error });
  } finally {
    log.mockRestore();
  }
};

describe('the commands in the documents', () => {
  it.each(calls.map(({ place, text, args }) => [place, text, args] as const))(
    '%s: %s names an existing command with its options',
    async (_place, _text, args) => {
      expect(await faultOf(args)).toBeUndefined();
    },
  );

  it('are found in snippets and in the text, with all commands of an operator', () => {
    const names = new Set(calls.map(({ args: [name] }) => name));
    for (const name of ['doctor', 'status', 'redrive', 'backfill', 'pause', 'route', 'local']) {
      expect(names).toContain(name);
    }
    expect(calls.length).toBeGreaterThan(40);
  });

  it('would be found faulty with an unknown command or option', async () => {
    expect(await faultOf(['doctr'])).toContain("unknown command 'doctr'");
    expect(await faultOf(['doctor', '--stak', 'A'])).toContain("unknown option '--stak'");
    expect(await faultOf(['local', '--onec'])).toContain("unknown option '--onec'");
  });

  it('use scripts of npm that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const used = lines.flatMap(({ text }) =>
      [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map((each) => each[1]),
    );
    expect(used).toContain('bench');
    for (const name of used) expect(Object.keys(scripts)).toContain(name);
  });
});
