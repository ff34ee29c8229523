import { describe, expect, it } from 'vitest';
import { isTypeRefused, possibleTypes } from '../../../lambdas/relay/domain/media-types.ts';

const DEFAULTS = { whiteList: '', blackList: 'image/svg+xml' };

describe('the types that Rocket.Chat may give a file', () => {
  it.each<[string, string, readonly string[]]>([
    // A known type wins over another extension.
    ['image/svg+xml', 'a.png', ['image/svg+xml']],
    ['text/plain', 'a.png', ['text/plain']],
    ['application/pdf', 'noextension', ['application/pdf']],
    // An unknown or generic type loses to a known extension; the declared one stays possible on an older server.
    ['foo/bar', 'x.svg', ['image/svg+xml', 'foo/bar']],
    ['application/octet-stream', 'x.SVG', ['image/svg+xml', 'application/octet-stream']],
    ['application/x-parquet', 'x.parquet', ['application/octet-stream', 'application/x-parquet']],
    ['application/octet-stream', 'x', ['application/octet-stream']],
    // Versions of mime-db disagree about these extensions.
    ['application/xml', 'x.xml', ['application/xml', 'text/xml']],
    ['audio/wav', 'x.wav', ['audio/wav', 'audio/wave', 'audio/x-wav']],
    ['text/plain', 'x.lst', ['text/plain']],
    ['application/octet-stream', 'x.__proto__', ['application/octet-stream']],
  ])('declared as %s, of %s, are %j', (declared, name, types) => {
    expect([...possibleTypes(declared, name)].sort()).toEqual([...types].sort());
  });
});

describe('a file is refused', () => {
  const office = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
  it.each<[boolean, string, string, { whiteList: string; blackList: string }]>([
    [true, 'image/svg+xml', 'logo.svg', DEFAULTS],
    [true, 'image/svg+xml', 'logo.png', DEFAULTS],
    [false, 'image/png', 'logo.svg', DEFAULTS],
    [false, 'application/pdf', 'a.pdf', DEFAULTS],
    [true, office, 'a.xlsx', { whiteList: 'image/*, application/pdf', blackList: '' }],
    [false, office, 'a.xlsx', { whiteList: `application/pdf,${office}`, blackList: '' }],
    [false, 'image/png', 'a.png', { whiteList: 'image/*', blackList: '' }],
    [true, 'image/png', 'a.png', { whiteList: 'image/*', blackList: 'image/png' }],
    [true, 'video/webm', 'a.webm', { whiteList: '', blackList: 'audio/*,video/*' }],
    // mime-db also has application/mp4.
    [false, 'video/mp4', 'a.mp4', { whiteList: '', blackList: 'video/*' }],
    [false, 'video/mp4', 'a.mp4', { whiteList: '*', blackList: '' }],
    [true, 'video/mp4', 'a.mp4', { whiteList: '*', blackList: '*' }],
    // In doubt the server decides: it may know the file as text/xml.
    [false, 'application/xml', 'a.xml', { whiteList: '', blackList: 'application/xml' }],
    [true, 'application/xml', 'a.xml', { whiteList: '', blackList: 'application/xml,text/xml' }],
    [false, 'foo/bar', 'a.svg', DEFAULTS],
  ])('%s: declared as %s, of %s, with the lists %j', (isRefused, declared, name, lists) => {
    expect(isTypeRefused(declared, name, lists)).toBe(isRefused);
  });
});
