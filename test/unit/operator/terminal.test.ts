import { describe, expect, it } from 'vitest';
import { humanDuration, palette, printable } from '../../../lib/operator/terminal.ts';

describe('printable', () => {
  it.each([
    ['a\u001b[31mb', 'a\u{fffd}[31mb'],
    ['a\r\nb', 'a\u{fffd}\u{fffd}b'],
    ['a\u202egpj.exe', 'a\u{fffd}gpj.exe'],
    ['\u009b31m', '\u{fffd}31m'],
    ['Größe 😀', 'Größe 😀'],
  ])('prints %j as %j', (text, printed) => {
    expect(printable(text)).toBe(printed);
  });
});

describe('palette', () => {
  it.each([
    [{ isTerminal: true, env: {} }, '\u001b[32mx\u001b[39m'],
    [{ isTerminal: false, env: {} }, 'x'],
    [{ isTerminal: true, env: { NO_COLOR: '1' } }, 'x'],
    [{ isTerminal: true, env: { TERM: 'dumb' } }, 'x'],
  ])('with %j, prints the text as %j', (io, text) => {
    expect(palette(io).good('x')).toBe(text);
  });
});

describe('humanDuration', () => {
  it.each([
    [94.4, '94 ms'],
    [1_250, '1.3 s'],
    [125_000, '2 min 5 s'],
  ])('prints %d ms as %s', (durationMs, text) => {
    expect(humanDuration(durationMs)).toBe(text);
  });
});
