import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { describe, expect, it, vi } from 'vitest';
import { hasPseudoTerminal, type PseudoTerminal, shellQuoted, startInTerminal } from '../helpers/pseudo-terminal.ts';
import { useTemporaryFiles } from '../helpers/temporary-files.ts';

// Each test starts processes, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const ROOT = join(import.meta.dirname, '../..');
const PATIENT = { timeout: 30_000 };

const { cleanups, folder, file } = useTemporaryFiles('local-terminal');
const start = (args: readonly string[], env: Record<string, string> = {}): PseudoTerminal => {
  const command = [process.execPath, 'bin/relay.ts', 'local', ...args].map(shellQuoted).join(' ');
  const terminal = startInTerminal(command, { columns: 80, cwd: ROOT, env: { TMPDIR: folder(), ...env } });
  cleanups.push(terminal.kill);
  return terminal;
};
const shows = (terminal: PseudoTerminal, text: string | RegExp) =>
  expect.poll(() => terminal.screen().join('\n'), PATIENT).toMatch(text);
const s3Of = (terminal: PseudoTerminal): string => /http:\S+\/uploads/.exec(terminal.screen().join('\n'))?.[0] ?? '';

describe.skipIf(!hasPseudoTerminal)('relay local in a terminal of 80 columns', () => {
  it('shows a header, one line a file, the reason of a dead letter and a status line, and no line is wider', async () => {
    const terminal = start([
      file('a\u001b[31m\u0007b.txt'),
      file(`${'näme '.repeat(40)}.txt`),
      file('c.svg', '<svg/>'),
    ]);
    await shows(terminal, /^✓ näme näme .*….*\.txt +7 B +\d/m);
    await shows(terminal, /^✓ a\u{fffd}\[31m\u{fffd}b\.txt +7 B +\d/mu);
    await shows(terminal, /^✗ c\.svg +6 B\n {2}MEDIA_TYPE_REFUSED: /m);
    await shows(terminal, /2 posted \(14 B\) · 0 waiting · 1 dead letter +\? help$/);
    const screen = terminal.screen();
    const text = screen.join('\n');
    expect(text).toMatch(/^ {2}Room {9}http:\/\/127\.0\.0\.1:\d+\/channel\/general$/m);
    expect(text).toMatch(/^ {2}Drop folder {2}\S+\/drop$/m);
    expect(text).toContain('press r');
    for (const line of screen.filter((each) => !each.includes('Drop folder'))) {
      expect(stringWidth(line), line).toBeLessThanOrEqual(79);
    }
    terminal.press('\u0003');
    expect(await terminal.ended).toBe(0);
    expect(
      terminal
        .screen()
        .filter((line) => line !== '')
        .slice(-2),
    ).toEqual(['2 posted (14 B) · 0 waiting · 1 dead letter', 'The embedded queues have ended, with 1 dead letter.']);
  });

  it('obeys the keys d, ?, r and p', async () => {
    const terminal = start([file('drawing.svg', '<svg/>')]);
    await shows(terminal, /1 dead letter +\? help$/);
    terminal.press('d');
    await shows(terminal, /^1 dead letter for #general:\n✗ drawing\.svg/m);
    terminal.press('?');
    await shows(terminal, /aws --endpoint-url http:\S+ s3 cp FILE s3:\/\/uploads\//);
    terminal.press('r');
    await shows(terminal, /^↺ 1 dead letter sent back\.$/m);
    // It fails again.
    await shows(terminal, /sent back\.\n(.*\n)*✗ drawing\.svg/m);

    terminal.press('p');
    await shows(terminal, /⏸ paused · /);
    await fetch(`${s3Of(terminal)}/later.txt`, { method: 'PUT', body: 'later' });
    await shows(terminal, /⏸ paused · 0 posted · 1 waiting · 1 dead letter +p go on/);
    expect(terminal.screen().join('\n')).not.toContain('later.txt');
    terminal.press('p');
    await shows(terminal, /^✓ later\.txt +5 B/m);
  });

  it('shows many files as one line', async () => {
    const dropped = folder();
    const terminal = start(['--watch', dropped, file('first.txt')]);
    await shows(terminal, /^✓ first\.txt/m);
    for (let i = 0; i < 300; i += 1) writeFileSync(join(dropped, `${i}.txt`), '123456789');
    await shows(terminal, /301 posted/);
    await shows(terminal, /^✓ \d+ files \([\d.]+ \w+\) in [\d.]+ s$/m);
    const lines = terminal.screen().filter((line) => line.startsWith('✓'));
    expect(lines.length).toBeLessThan(60);
    const counted = lines.map((line) => Number(/^✓ (\d+) files/.exec(line)?.[1] ?? 1));
    expect(counted.reduce((sum, count) => sum + count)).toBe(301);
  });

  it('opens the room in the browser with the key o, and says where it is if there is no browser', async () => {
    const opened = join(folder(), 'opened');
    const browser = file('browser.sh', `#!/bin/sh\necho "$1" > '${opened}'\n`);
    chmodSync(browser, 0o700);
    const terminal = start([file('first.txt')], { BROWSER: browser });
    await shows(terminal, /^✓ first\.txt/m);
    terminal.press('o');
    await expect
      .poll(() => existsSync(opened) && readFileSync(opened, 'utf8'), PATIENT)
      .toMatch(/^http:\S+\/channel\/general\n$/);
  });
});
