// Makes the pictures of the room page, `npm run pictures`. Needs an installed chromium.
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { putObject, uploadFile } from '../../lib/local/aws/upload-file.ts';
import { type LocalRelay, startLocalRelay } from '../../lib/local/index.ts';
import { sampleFiles } from '../../lib/operator/local/files.ts';
import { startChromium } from '../../test/browser/chromium.ts';

const WIDE: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
const NARROW: BrowserContextOptions = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 };

const main = async (): Promise<void> => {
  const relay = await startLocalRelay({
    chatServer: {
      rooms: [
        { id: 'GENERAL', name: 'general' },
        { id: 'REPORTS', name: 'reports' },
      ],
    },
    settings: { routes: [{ prefix: 'reports/', room: '#reports' }, { room: '#general' }] },
  });
  try {
    const browser = await startChromium();
    try {
      await take(relay, browser);
    } finally {
      await browser.close();
    }
  } finally {
    await relay.close();
  }
};

const take = async (relay: LocalRelay, browser: Browser): Promise<void> => {
  // The first delivery of a new function takes longer than all others.
  await put(relay, 'reports/2026-11.csv', 'month;files\nNovember;1204\n');
  await relay.settled();
  for (const path of sampleFiles()) {
    await uploadFile(
      { endpoint: relay.endpoints.s3, bucket: relay.bucket, key: basename(path).normalize('NFC') },
      path,
    );
  }
  await relay.settled();

  await withPage(relay, browser, { ...WIDE, viewport: { width: 1280, height: 900 } }, async (page) => {
    await stage(page, 'Posted').click();
    await page.locator('summary').first().click();
    await page.mouse.move(500, 500);
    await page.mouse.wheel(0, -5_000);
    // Not page.waitForFunction, which evaluates strings in the page: its Content Security Policy forbids that.
    while ((await page.evaluate('document.querySelector(".log").scrollTop')) !== 0) await page.waitForTimeout(50);
    await picture(page, 'room-page.png');
  });
  await withPage(relay, browser, { ...NARROW, colorScheme: 'light' }, (page) => picture(page, 'room-page-360.png'));
  await withPage(relay, browser, { ...WIDE, colorScheme: 'light' }, async (page) => {
    await stage(page, 'Faults on').click();
    for (const name of ['The server is down', 'Lose the answer to a confirm']) {
      await page.getByRole('switch', { name }).click();
    }
    for (const name of ['minutes.txt', 'orders.csv', 'notes.txt']) await put(relay, name, `${name}, first line\n`);
    await page.getByRole('button', { name: '3 Waiting' }).waitFor();
    await picture(page, 'room-page-faults.png');
    await page.getByRole('switch', { name: 'The server is down' }).click();
    await page.getByRole('switch', { name: 'Lose the answer to a confirm' }).click();
  });
  await relay.settled({ timeoutMs: 120_000 });

  await put(relay, 'logos/harbour.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await put(relay, 'empty.txt', '');
  await relay.settled();
  await withPage(relay, browser, { ...WIDE, colorScheme: 'dark' }, async (page) => {
    await page.getByRole('button', { name: '2 Dead letters' }).waitFor();
    await picture(page, 'room-page-dark.png');
  });
};

const put = (relay: LocalRelay, key: string, content: string): Promise<void> => {
  const body = Buffer.from(content);
  const target = { endpoint: relay.endpoints.s3, bucket: relay.bucket, key };
  return putObject(target, Readable.from([body]), { sizeBytes: body.length, contentType: undefined });
};

const stage = (page: Page, name: string) => page.getByRole('button', { name: new RegExp(`^\\d+ ${name}$`) });

const picture = async (page: Page, name: string): Promise<void> => {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(import.meta.dirname, name), animations: 'disabled' });
};

const withPage = async (
  relay: LocalRelay,
  browser: Browser,
  options: BrowserContextOptions,
  use: (page: Page) => Promise<void>,
): Promise<void> => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(relay.chat?.roomPageUrl('general') ?? '');
  await page.getByRole('log').locator('img').first().waitFor();
  await page.getByRole('log').locator('img').first().evaluate('(image) => image.decode()');
  await use(page);
  await context.close();
};

await main();
