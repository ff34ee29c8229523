// Makes the pictures of the terminal, `npm run pictures`: each shows the output of a real command in a pseudo-terminal of
// 80 columns. Needs an installed chromium and `script` of util-linux.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import type { Browser } from 'playwright-core';
import { startChromium } from '../../test/browser/chromium.ts';
import { type PseudoTerminal, shellQuoted, startInTerminal } from '../../test/helpers/pseudo-terminal.ts';

const ROOT = join(import.meta.dirname, '../..');
const COLUMNS = 80;
const TIMEOUT_MS = 60_000;
const CTRL_C = '\u0003';
/** Refused by the server, whose default list of blocked media types contains SVG; and a file that has no bytes. */
const REFUSED = { 'logos/harbour.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>', 'empty.txt': '' };

const main = async (): Promise<void> => {
  const runtime = mkdtempSync(join(tmpdir(), 'pictures-'));
  const browser = await startChromium();
  try {
    await take(browser, runtime);
  } finally {
    await browser.close();
    rmSync(runtime, { recursive: true });
  }
};

const take = async (browser: Browser, runtime: string): Promise<void> => {
  const start = (command: string): PseudoTerminal =>
    startInTerminal(`sh -c ${shellQuoted(command)}`, {
      columns: COLUMNS,
      cwd: ROOT,
      env: {
        HOME: runtime,
        XDG_RUNTIME_DIR: runtime,
        npm_config_update_notifier: 'false',
        npm_config_progress: 'false',
      },
    });

  const relay = start('npm start');
  try {
    await shows(relay, /4 posted/);
    const bucket = /http:\S+\/uploads/.exec(relay.screen().join('\n'))?.[0];
    for (const [key, body] of Object.entries(REFUSED)) {
      const { ok, status } = await fetch(`${bucket}/${key}`, {
        method: 'PUT',
        headers: { 'content-type': contentTypeOf(key) },
        body,
      });
      if (!ok) throw new Error(`The upload of ${key} was answered with ${status}.`);
    }
    await shows(relay, /2 dead letters +\? help/);
    await picture(browser, 'terminal-start.png', 'npm start', relay.output());

    for (const name of ['doctor', 'status', 'redrive']) {
      const command = `npx relay ${name} --local`;
      const terminal = start(command);
      await terminal.ended;
      await picture(browser, `terminal-${name}.png`, command, terminal.output());
    }
  } finally {
    await stop(relay);
  }

  const command = 'npm start --silent | cat';
  const piped = start(command);
  try {
    await shows(piped, /^4 posted/m);
    await picture(browser, 'terminal-pipe.png', command, piped.output());
  } finally {
    await stop(piped);
  }
};

const contentTypeOf = (key: string): string => (key.endsWith('.svg') ? 'image/svg+xml' : 'text/plain');

const shows = async (terminal: PseudoTerminal, text: RegExp): Promise<void> => {
  const end = Date.now() + TIMEOUT_MS;
  while (!text.test(stripVTControlCharacters(terminal.screen().join('\n')))) {
    if (Date.now() > end) throw new Error(`The terminal does not show ${text}:\n${terminal.screen().join('\n')}`);
    await sleep(50);
  }
};

const stop = async (terminal: PseudoTerminal): Promise<void> => {
  terminal.press(CTRL_C);
  await terminal.ended;
};

/** Draws the output as xterm.js shows it, below the prompt with the command. */
const picture = async (browser: Browser, name: string, command: string, output: string): Promise<void> => {
  const page = await browser.newPage({ viewport: { width: 1000, height: 1600 }, deviceScaleFactor: 2 });
  await page.setContent('<body style="margin:0"><div id="frame" style="padding:14px 18px"></div></body>');
  await page.addStyleTag({ path: join(ROOT, 'node_modules/@xterm/xterm/css/xterm.css') });
  await page.addScriptTag({ path: join(ROOT, 'node_modules/@xterm/xterm/lib/xterm.js') });
  const text = `\u001b[1m$ ${command}\u001b[0m\r\n${output}`;
  await page.evaluate(`(${DRAW})(${JSON.stringify({ columns: COLUMNS, text })})`);
  await page.locator('#frame').screenshot({ path: join(import.meta.dirname, name) });
  await page.close();
};

// A string, because it runs in the page, whose types this project does not have.
const DRAW = `async ({ columns, text }) => {
  const frame = document.getElementById('frame');
  const theme = {
    background: '#10151c', foreground: '#d7dde5', cursor: '#10151c', cursorAccent: '#10151c',
    green: '#5fd38d', red: '#ff7b72', yellow: '#e3b341', cyan: '#6cc7f0', blue: '#79b8ff',
  };
  Object.assign(frame.style, { background: theme.background, display: 'inline-block' });
  const terminal = new Terminal({
    cols: columns, rows: 60, fontFamily: 'DejaVu Sans Mono, monospace', fontSize: 14, lineHeight: 1.15, theme,
    cursorInactiveStyle: 'none', scrollback: 0, minimumContrastRatio: 9,
  });
  terminal.open(frame);
  await new Promise((resolve) => terminal.write(text, resolve));
  const buffer = terminal.buffer.active;
  let rows = 60;
  while (rows > 1 && buffer.getLine(rows - 1).translateToString(true) === '') rows -= 1;
  // With the cursor at the top, the terminal gives up the empty lines below.
  await new Promise((resolve) => terminal.write('\\u001b[H', resolve));
  terminal.resize(columns, rows);
  frame.style.width = frame.querySelector('.xterm-screen').style.width;
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}`;

await main();
