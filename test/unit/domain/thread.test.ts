import { describe, expect, it } from 'vitest';
import { namedThread } from '../../../lambdas/relay/domain/thread.ts';
import { createdObject } from '../../helpers/factories.ts';

describe('the thread of a folder', () => {
  it.each([
    ['reports/2026/a.pdf', 'reports/2026/'],
    ['reports/a.pdf', 'reports/'],
    ['a.pdf', ''],
    ['reports//a.pdf', 'reports//'],
    ['reports/', 'reports/'],
  ])('of the key %s is that of "%s"', (key, folder) => {
    const object = createdObject({ key });
    expect(namedThread('prefix', object).name).toBe(JSON.stringify(['prefix', object.bucket, folder]));
  });

  it('differs between buckets', () => {
    const names = ['one', 'two'].map((bucket) => namedThread('prefix', createdObject({ bucket })).name);
    expect(new Set(names).size).toBe(2);
  });

  it('starts with a text that mentions nobody and has no markup', () => {
    const { text } = namedThread('prefix', createdObject({ key: '@all/`#general`\n/x' }));
    expect(text).toMatch(/^Files in `[^`\n]*`$/);
    expect(text).not.toMatch(/[@#](?!\u2060)/);
  });

  it('of the root of a bucket names the bucket', () => {
    expect(namedThread('prefix', createdObject({ key: 'a' })).text).toBe('Files in `example-uploads`');
  });
});

describe('the thread of a day', () => {
  it.each([
    ['2026-03-05T00:00:00.000Z', '2026-03-05'],
    ['2026-03-05T23:59:59.999Z', '2026-03-05'],
    ['2026-03-06T00:30:00.000+01:00', '2026-03-05'],
  ])('of an upload at %s is that of the UTC day %s', (time, day) => {
    const { name, text } = namedThread('day', createdObject({ createdAt: Date.parse(time) }));
    expect(name).toBe(JSON.stringify(['day', day]));
    expect(text).toBe(`Files of ${day}`);
  });
});
