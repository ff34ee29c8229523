import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createNotifier } from '../../lib/local/aws/bucket-notifications.ts';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { type LocalRelay, startLocalRelay } from '../../lib/local/index.ts';
import { createRelayFeed } from '../../lib/local/relay-feed/create-relay-feed.ts';
import { call } from '../unit/local/chat-server/api-client.ts';
import { chromiumPath, startChromium } from './chromium.ts';

if (chromiumPath === undefined) {
  process.stderr.write('The browser tests are skipped: there is no chromium. Install it, or set CHROMIUM_PATH.\n');
}

const WAIT = { timeout: 20_000 };
const PICTURE = readFileSync(join(import.meta.dirname, '../../samples/Harbour at dawn.png'));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
const cleanups: (() => unknown)[] = [];
/** What the pages must not do: load from another host, log an error, open a dialog. */
const faults: string[] = [];

const open = async (url: string, options: BrowserContextOptions = {}): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  cleanups.push(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT.timeout);
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) faults.push(`requested ${request.url()}`);
  });
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('dialog', (dialog) => {
    faults.push(`opened a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  await page.getByText('live', { exact: true }).waitFor();
  return page;
};
/** Resolves when the server has carried out what the action changes. */
const changesFaults = (page: Page, act: () => Promise<void>) =>
  Promise.all([page.waitForResponse((answer) => answer.url().endsWith('/room-page/faults')), act()]);
const stage = (page: Page, name: string) => page.getByRole('button', { name: new RegExp(`^[\\d,]+ ${name}$`) });
const countOf = async (page: Page, name: string) => Number.parseInt(await stage(page, name).innerText(), 10);
const violations = async (page: Page): Promise<string[]> => {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    const found = await axe.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
};
interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

describe.skipIf(chromiumPath === undefined)('the room page in a browser', () => {
  let relay: LocalRelay;
  let chat: ChatServer;
  let url: string;

  beforeAll(async () => {
    [browser, relay] = await Promise.all([startChromium(), startLocalRelay({ visibilityTimeoutSeconds: 60 })]);
    chat = relay.chat as ChatServer;
    url = chat.roomPageUrl('general');
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    expect(faults.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.close();
  });

  const put = (key: string, body: string | Buffer = 'content') =>
    relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key: key, Body: body }));
  const postedNamed = (name: string) => chat.messages('general').filter(({ file }) => file?.name === name);

  it('takes a dropped image, and shows it with its preview and the time from upload to message', async () => {
    const page = await open(url);
    const files = await page.evaluateHandle<unknown>(`(() => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.of(${[...PICTURE]})], 'dropped.png', { type: 'image/png' }));
      return data;
    })()`);
    await page.dispatchEvent('body', 'dragenter', { dataTransfer: files });
    await page.getByText('Drop to upload to s3://uploads').waitFor();
    await page.dispatchEvent('body', 'drop', { dataTransfer: files });
    const message = page.getByRole('log').getByRole('listitem').filter({ hasText: 'dropped.png' });
    await message.getByText(/Posted .* after the upload/).waitFor(WAIT);
    const picture = message.getByRole('link', { name: 'Open the image dropped.png' }).locator('img');
    await expect.poll(() => picture.evaluate((image: { naturalWidth: number }) => image.naturalWidth)).toBe(480);
    expect(postedNamed('dropped.png')).toHaveLength(1);
    await page.getByText('1 file uploaded to S3').waitFor();
  });

  it('uploads the files that a keyboard chooses, and opens and closes the panel of what was posted', async () => {
    const page = await open(url);
    const chosen = page.waitForEvent('filechooser');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the messages');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('general');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await (await chosen).setFiles([
      { name: 'sales.csv', mimeType: 'text/csv', buffer: Buffer.from('month;sales\nJan;12\n') },
    ]);
    await page.getByRole('log').getByRole('cell', { name: '12' }).waitFor(WAIT);

    await stage(page, 'Posted').focus();
    await page.keyboard.press('Enter');
    const panel = page.getByRole('region', { name: 'Posted' });
    const life = panel.getByRole('listitem').filter({ hasText: 'sales.csv' }).first();
    await life.locator('summary').focus();
    await page.keyboard.press('Enter');
    for (const step of ['S3 has', 'SQS has', 'function takes', 'uploaded', 'message is posted']) {
      await life.getByText(step).waitFor();
    }
    await page.keyboard.press('Escape');
    expect(await panel.count()).toBe(0);
    expect(await page.evaluate('document.activeElement.id')).toBe('strip-posted');
  });

  it('shows a script in a name as text, and does not run it', async () => {
    const page = await open(url);
    const name = '<img src=x onerror=alert(1)><script>alert(2).txt';
    await put(`in/${name}`, '<script>alert(3)</script>');
    const log = page.getByRole('log');
    await log.getByRole('link', { name: '<img src=x onerror=alert(1)>' }).waitFor(WAIT);
    await log.getByText('<script>alert(3)</script>').waitFor();
    await stage(page, 'Posted').click();
    await page.getByRole('region', { name: 'Posted' }).getByText('in/<img src=x').first().waitFor();
    expect(await page.locator('#page script, #page [onerror]').count()).toBe(0);
  });

  it('lets files wait while the server is down, and shows each once when it is up again', async () => {
    const page = await open(url);
    await stage(page, 'Faults on').click();
    const down = page.getByRole('switch', { name: 'The server is down' });
    await down.click();
    await expect.poll(() => down.getAttribute('aria-checked')).toBe('true');
    const names = ['w1.txt', 'w2.txt', 'w3.txt'];
    await Promise.all(names.map((name) => put(name)));
    await expect.poll(() => countOf(page, 'Waiting'), WAIT).toBe(3);
    await stage(page, 'Waiting').click();
    const waiting = page.getByRole('region', { name: 'Waiting' });
    expect(await waiting.getByText('CHAT_UNREACHABLE').count()).toBeGreaterThan(0);
    expect(names.flatMap(postedNamed)).toEqual([]);

    await stage(page, 'Faults on').click();
    await down.click();
    for (const name of names) await page.getByRole('log').getByRole('link', { name, exact: true }).waitFor(WAIT);
    await expect.poll(() => countOf(page, 'Waiting'), WAIT).toBe(0);
    expect(names.map((name) => postedNamed(name).length)).toEqual([1, 1, 1]);
    expect(await page.locator('.strip .balance').innerText()).toMatch(/^0 lost\s+0 posted twice$/);
  });

  it('shows a file once although the answer to its confirm is lost', async () => {
    const page = await open(url);
    await stage(page, 'Faults on').click();
    const lost = page.getByRole('switch', { name: 'Lose the answer to a confirm' });
    // A range input takes keys: the share of calls goes from 50 to 100 percent.
    const share = page.getByRole('slider', { name: 'Share of calls: Lose the answer to a confirm' });
    await changesFaults(page, () => share.press('End'));
    await changesFaults(page, () => lost.click());
    await put('unheard.txt');
    await expect.poll(() => postedNamed('unheard.txt').length, WAIT).toBe(1);
    await page.getByText('1 call struck').waitFor();
    await lost.click();
    await stage(page, 'Posted').click();
    const life = page.getByRole('region', { name: 'Posted' }).getByRole('listitem').filter({ hasText: 'unheard.txt' });
    await life.first().locator('summary').click(WAIT);
    await life.getByText('The message is found: the answer was lost').waitFor(WAIT);
    expect(postedNamed('unheard.txt')).toHaveLength(1);
    await life.getByRole('link', { name: 'Show the message' }).click();
    const id = `message-${postedNamed('unheard.txt')[0]?._id}`;
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe(id);
  });

  it('opens on a dead letter, says why and what to do, and sends it back by its button', async () => {
    await put('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await expect.poll(async () => (await relay.peekDeadLetters()).length, WAIT).toBe(1);
    const page = await open(url);
    const panel = page.getByRole('region', { name: 'Dead letters' });
    await panel.locator('.why').getByText('MEDIA_TYPE_REFUSED').waitFor(WAIT);
    await panel.getByText('Allow the type in the server’s File Upload settings').waitFor();
    expect(await page.locator('link[rel=icon]').getAttribute('href')).toContain('attention');
    expect(await violations(page)).toEqual([]);

    chat.settings.FileUpload_MediaTypeBlackList = '';
    await panel.getByRole('button', { name: 'Send back drawing.svg' }).click();
    await page.getByRole('log').getByRole('link', { name: 'drawing.svg' }).waitFor(WAIT);
    await expect.poll(() => countOf(page, 'Dead letters'), WAIT).toBe(0);
    expect(postedNamed('drawing.svg')).toHaveLength(1);
    expect(await relay.peekDeadLetters()).toEqual([]);
  });

  it.each([
    ['light, 1280 pixels wide', 'Posted', { colorScheme: 'light' }],
    ['dark, 360 pixels wide', 'Faults on', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
  ] as const)(
    'has no accessibility violation that axe-core finds, and no sideways scrolling: %s',
    async (_, panel, options) => {
      const page = await open(url, options);
      await page.getByRole('log').getByRole('link').first().waitFor();
      await stage(page, panel).click();
      await page.getByRole('region', { name: panel === 'Posted' ? 'Posted' : 'Break something' }).waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    },
  );
});

describe.skipIf(chromiumPath === undefined)('the room page of a chat server alone', () => {
  let chat: ChatServer;
  const notify = createNotifier({ region: 'us-east-1', now: Date.now });
  const source = createRelayFeed({ bucket: 'uploads', clock: { now: Date.now } });

  beforeAll(async () => {
    browser = await startChromium();
    chat = await startChatServer({
      relayFeed: source.feed,
      features: { decodesImages: false },
      rooms: [
        { id: 'GENERAL', name: 'general' },
        { id: 'R', name: 'reports' },
      ],
    });
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    expect(faults.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await chat?.close();
    source.close();
  });

  const say = (text: string, more: object = {}) =>
    call(chat, '/api/v1/chat.postMessage', {
      body: JSON.stringify({ roomId: 'GENERAL', text, ...more }),
      headers: { 'Content-Type': 'application/json' },
    });

  const api = async (path: string, body: FormData | string): Promise<unknown> => {
    const headers = { 'X-User-Id': chat.userId, 'X-Auth-Token': chat.authToken };
    const answer = await fetch(`${chat.url}/api/v1/${path}`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    return answer.json();
  };

  it('renders captions with Rocket.Chat’s markup, loads nothing from another host, and shows threads', async () => {
    await say('*bold* `code` [bad](javascript:alert(1)) [good](https://example.com) ![x](https://example.com/x.png)');
    await say('a reply', { tmid: chat.messages('general')[0]?._id });
    const page = await open(chat.roomPageUrl('general'));
    const log = page.getByRole('log');
    await log.locator('strong', { hasText: 'bold' }).waitFor();
    await log.locator('code', { hasText: 'code' }).waitFor();
    expect(await log.getByRole('link', { name: 'bad' }).count()).toBe(0);
    expect(await log.getByRole('link', { name: 'good' }).getAttribute('rel')).toBe('noopener noreferrer');
    expect(await log.locator('img').count()).toBe(0);
    await log.getByRole('button', { name: '1 reply in the thread' }).click();
    await page.getByRole('dialog', { name: 'Thread' }).getByText('a reply').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('loads earlier messages, counts new ones in a button and in the title, and changes rooms without a reload', async () => {
    for (let i = 0; i < 60; i += 1) await say(`line ${i}`, { roomId: 'R' });
    const page = await open(chat.roomPageUrl('general'));
    await page.evaluate('window.isTheSamePage = true');
    await page.getByRole('link', { name: 'reports' }).click();
    const log = page.getByRole('log');
    await log.getByText('line 59').waitFor();
    expect(new URL(page.url()).pathname).toBe('/channel/reports');
    expect(await log.getByText('line 9', { exact: true }).count()).toBe(0);
    await log.evaluate((element: { scrollTop: number }) => {
      element.scrollTop = 0;
    });
    await log.getByRole('button', { name: 'Load earlier' }).click();
    await log.getByText('line 0', { exact: true }).waitFor();

    for (const text of ['new 1', 'new 2', 'new 3']) await say(text, { roomId: 'R' });
    const button = page.getByRole('button', { name: '3 new' });
    await button.waitFor();
    expect(await page.title()).toBe('(3) #reports · s3-to-rocketchat');
    await button.click();
    await expect.poll(() => page.title()).toBe('#reports · s3-to-rocketchat');
    expect(await page.evaluate('window.isTheSamePage')).toBe(true);
  });

  it('stays responsive while 1,000 files arrive, and then counts all of them', async () => {
    const page = await open(chat.roomPageUrl('general'));
    const before = chat.messages('general').length;
    const arrive = async (i: number) => {
      const key = `many/file-${i}.txt`;
      const object = { bucket: 'uploads', key, eventName: 'ObjectCreated:Put', eTag: String(i), sizeBytes: 7 };
      const event = notify(object);
      const { sequencer } = (JSON.parse(event) as S3Event).Records[0].s3.object;
      source.lives.created(event);
      const body = new FormData();
      body.set('file', new File(['content'], `file-${i}.txt`, { type: 'text/plain' }));
      const { file } = (await api('rooms.media/GENERAL', body)) as { file: { _id: string } };
      const confirmed = await api(`rooms.mediaConfirm/GENERAL/${file._id}`, JSON.stringify({ msg: `\`${key}\`` }));
      const { message } = confirmed as { message: { _id: string } };
      const posted = { outcome: 'posted', bucket: 'uploads', key, sequencer } as const;
      source.lives.delivered({ ...posted, fileId: file._id, chatMessageId: message._id });
    };
    const devtools = await page.context().newCDPSession(page);
    // The thread's own time does not grow with what else the machine does.
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    for (let i = 0; i < 1_000; i += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, k) => arrive(i + k)));
      if (i % 250 !== 100) continue;
      await stage(page, 'Posted').click();
      await page.getByRole('region', { name: 'Posted' }).waitFor();
      await stage(page, 'Posted').click();
    }
    await expect.poll(() => stage(page, 'Posted').innerText(), WAIT).toMatch(/^1,000\b/);
    await page.getByText(`${(before + 1_000).toLocaleString('en-GB')} messages`).waitFor();
    const { metrics } = await devtools.send('Performance.getMetrics');
    expect(metrics.find(({ name }) => name === 'ScriptDuration')?.value).toBeLessThan(3);
    expect(await page.locator('.message').count()).toBeLessThanOrEqual(200);
    expect(await page.locator('.strip .balance').innerText()).toMatch(/^0 lost\s+0 posted twice$/);
  });
});

interface S3Event {
  readonly Records: readonly [{ readonly s3: { readonly object: { readonly sequencer: string } } }];
}
