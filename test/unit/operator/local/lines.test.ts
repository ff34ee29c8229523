import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { PostedEvent } from '../../../../lib/operator/local/burst.ts';
import {
  burstLine,
  deadLetterLines,
  headerLines,
  postedLine,
  type Style,
  statusLine,
  totalsText,
  waitingLines,
} from '../../../../lib/operator/local/lines.ts';
import { palette } from '../../../../lib/operator/terminal.ts';

const terminal = (columns: number): Style => ({ columns, palette: palette({ isTerminal: true, env: {} }) });
const pipe: Style = { columns: undefined, palette: palette({ isTerminal: false, env: {} }) };
const posted = (key: string): PostedEvent => ({
  event: 'posted',
  bucket: 'uploads',
  key,
  room: '#general',
  roomId: 'R',
  messageId: 'M',
  sizeBytes: 12_345,
  durationMs: 94,
});
const refused = (key: string) => ({
  key,
  sizeBytes: 130_000_000,
  reason: 'FILE_TOO_LARGE',
  detail: 'rooms.media answered 400: File size exceeds the allowed limit [error-file-too-large]',
});
const HOSTILE = [
  'plain.txt',
  '\u001b[2J\u001b[31mred\r\nnew line.txt',
  '\u202egnp.exe',
  '日本語のとても長いファイル名'.repeat(8),
  `${'😀👨‍👩‍👧‍👦'.repeat(60)}.png`,
  'ü'.repeat(300),
  'a'.repeat(1024),
  '',
];

describe('the lines of a terminal', () => {
  it.each([40, 80, 200])('fit into %d columns and contain no control characters of a name', (columns) => {
    const style = terminal(columns);
    for (const key of HOSTILE) {
      const lines = [
        postedLine(style, posted(key), '#general'),
        ...deadLetterLines(style, refused(key), { limitBytes: 104_857_600, hasKeys: true }),
        ...waitingLines(style, waiting(key)),
        statusLine(
          style,
          totalsText({ posted: 1e9, postedBytes: 1e15, ignored: 1e9 }, { waiting: 1e9, deadLetters: 1e9 }),
          {
            isPaused: true,
            hasKeys: true,
          },
        ),
      ];
      for (const line of lines) {
        const text = stripVTControlCharacters(line);
        expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
        expect(stringWidth(text), text).toBeLessThanOrEqual(columns - 1);
      }
    }
  });

  it('show the mark, the begin and the end of a long name, and the size and the time at the right edge', () => {
    const line = stripVTControlCharacters(postedLine(terminal(60), posted(`${'long '.repeat(30)}.pdf`), '#general'));
    expect(line).toMatch(/^✓ long long .*….*\.pdf +12\.1 KiB +94 ms$/);
    expect(stringWidth(line)).toBe(59);
  });

  it('name the reason of a dead letter, the limit of the server and the next step', () => {
    const lines = deadLetterLines(terminal(80), refused('big.zip'), { limitBytes: 104_857_600, hasKeys: true });
    expect(lines.map(stripVTControlCharacters).map((line) => line.replace(/ {3,}/g, '  '))).toEqual([
      '✗ big.zip  124 MiB',
      '  FILE_TOO_LARGE: rooms.media answered 400: File size exceeds the allowed limit',
      '  [error-file-too-large]',
      '  The server takes at most 100 MiB.',
      '  → Raise FileUpload_MaxFileSize, and the limit of a proxy, then press r to',
      '  send the file back.',
    ]);
  });
});

describe('the lines of a pipe', () => {
  it('have everything about a file in one line, without colours', () => {
    expect(postedLine(pipe, posted('a b.txt'), '#general')).toBe('✓ a b.txt  12.1 KiB  94 ms');
    expect(postedLine(pipe, posted('a b.txt'), '#other')).toBe('✓ a b.txt  12.1 KiB  94 ms  #general');
    expect(deadLetterLines(pipe, refused('big.zip'))).toEqual([
      '✗ big.zip  124 MiB  FILE_TOO_LARGE: rooms.media answered 400: File size exceeds the allowed limit ' +
        '[error-file-too-large]  → Raise FileUpload_MaxFileSize, and the limit of a proxy, then send the file back.',
    ]);
    expect(waitingLines(pipe, waiting('a.txt'))).toEqual([
      '⏸ a.txt waits, the next try is in 40.0 s.  RATE_LIMITED: too many calls  ' +
        '→ Nothing: the server’s rate limit delays the file and uses up no retry.',
    ]);
  });

  it('sum up a burst', () => {
    expect(burstLine(pipe, { count: 1_000, sizeBytes: 9_000, durationMs: 3_000 })).toBe(
      '✓ 1,000 files (8.8 KiB) in 3.0 s',
    );
  });

  it('contain the addresses of the room, the drop folder and S3', () => {
    const text = headerLines(pipe, {
      room: '#general',
      roomPageUrl: 'http://127.0.0.1:4580/channel/general',
      dropFolder: '/tmp/drop',
      s3: 'http://127.0.0.1:4566',
      bucket: 'uploads',
      region: 'us-east-1',
    }).join('\n');
    for (const part of ['http://127.0.0.1:4580/channel/general', '/tmp/drop', 'http://127.0.0.1:4566/uploads']) {
      expect(text).toContain(part);
    }
  });
});

describe('totalsText', () => {
  it.each([
    [
      { posted: 0, postedBytes: 0, ignored: 0 },
      { waiting: 2, deadLetters: 0 },
      '0 posted · 2 waiting · 0 dead letters',
    ],
    [
      { posted: 1_234, postedBytes: 9_000, ignored: 1 },
      { waiting: 0, deadLetters: 1 },
      '1,234 posted (8.8 KiB) · 1 not posted by rule · 0 waiting · 1 dead letter',
    ],
  ])('of %j and %j is %s', (totals, queues, text) => {
    expect(totalsText(totals, queues)).toBe(text);
  });
});

function waiting(key: string) {
  return {
    event: 'retrying',
    bucket: 'uploads',
    room: '#general',
    sizeBytes: 1,
    key,
    reason: 'RATE_LIMITED',
    detail: 'too many calls',
    errorType: undefined,
    httpStatus: 429,
    attempts: 1,
    delayMs: 40_000,
  } as const;
}
