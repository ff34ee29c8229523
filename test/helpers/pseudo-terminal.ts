import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';

/** Whether util-linux's `script` is installed, which runs a command in a pseudo-terminal. */
export const hasPseudoTerminal = (() => {
  const { status, stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  return status === 0 && stdout.includes('util-linux');
})();

const ERASE_LINE = '\u001b[2K';

/** A command in a pseudo-terminal. */
export interface PseudoTerminal {
  /** Everything written so far. */
  readonly output: () => string;
  /** What the terminal shows, without colours; lines that were erased are missing. */
  readonly screen: () => string[];
  press(keys: string): void;
  readonly ended: Promise<number | null>;
  kill(): void;
}

/** @param command for `sh`, so each argument must be quoted */
export const startInTerminal = (
  command: string,
  options: { readonly columns: number; readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): PseudoTerminal => {
  const child = spawn('script', ['-qefc', `stty cols ${options.columns} rows 40; exec ${command}`, '/dev/null'], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', SHELL: '/bin/sh', ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stdin.on('error', () => {});
  return {
    output: () => output,
    screen: () =>
      output
        .split('\n')
        // What comes before the last "erase this line" was erased.
        .map((line) =>
          stripVTControlCharacters(line.split(ERASE_LINE).at(-1) ?? '')
            .replaceAll('\r', '')
            .trimEnd(),
        ),
    press: (keys) => void child.stdin.write(keys),
    ended: once(child, 'close').then(([code]) => code as number | null),
    kill: () => void child.kill('SIGKILL'),
  };
};

export const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
