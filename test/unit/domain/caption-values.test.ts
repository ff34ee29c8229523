import { describe, expect, it } from 'vitest';
import { humanSize, readValues, templatesOf } from '../../../lambdas/relay/domain/caption-values.ts';
import { consoleLink } from '../../../lambdas/relay/domain/console-link.ts';
import { objectFacts } from '../../../lambdas/relay/domain/object-facts.ts';
import type { CreatedObject } from '../../../lambdas/relay/domain/s3-event.ts';
import { createdObject } from '../../helpers/factories.ts';

const read: string[] = [];
const valuesOf = (templates: readonly string[], object: Partial<CreatedObject> = {}) => {
  read.length = 0;
  const facts = objectFacts(createdObject({ createdAt: Date.UTC(2026, 10, 24, 14, 5, 37, 999), ...object }), {
    details: async () => {
      read.push('details');
      return {
        contentType: 'Application/PDF; x=y',
        metadata: new Map([
          ['alt', 'a chart'],
          ['a.b-c', 'dots'],
        ]),
      };
    },
    tags: async () => {
      read.push('tags');
      return new Map([
        ['Cost Centre', '42'],
        ['a.b', 'dots'],
      ]);
    },
  });
  return readValues(templates, facts, 'eu-central-1');
};

describe('the value', () => {
  it.each<[string, string | undefined, Partial<CreatedObject>?]>([
    ['fileName', 'weekly.pdf'],
    ['key', 'reports/weekly.pdf'],
    ['bucket', 'example-uploads'],
    ['size', '2 KiB'],
    ['contentType', 'application/pdf'],
    ['uploadedAt', '2026-11-24 14:05:37 UTC'],
    ['uploader', undefined],
    ['uploader', 'AWS:AROAEXAMPLE:ana', { uploader: 'AWS:AROAEXAMPLE:ana' }],
    ['version', undefined],
    ['version', undefined, { versionId: 'null' }],
    ['version', 'v1', { versionId: 'v1' }],
    ['prefix.0', 'reports'],
    ['prefix.1', undefined],
    ['prefix.1', 'b', { key: 'a/b/c.txt' }],
    ['prefix.0', '', { key: '/c.txt' }],
    ['metadata.alt', 'a chart'],
    ['metadata.ALT', 'a chart'],
    ['metadata.a.b-c', 'dots'],
    ['metadata.other', undefined],
    ['tags.Cost Centre', '42'],
    ['tags.cost centre', undefined],
    ['tags.a.b', 'dots'],
    ['constructor', undefined],
    ['metadata.constructor', undefined],
    ['tags.__proto__', undefined],
    ['prefix.length', undefined],
  ])('%s is %j', async (name, value, object) => {
    expect((await valuesOf([`{${name}}`], object))(name)).toBe(value);
  });

  it.each([
    ['{key} {fileName} {size} {uploader} {consoleLink}', []],
    ['{contentType}', ['details']],
    ['{#metadata.alt}x{/metadata.alt}', ['details']],
    ['{^tags.a}x{/tags.a}', ['tags']],
    ['{metadata.a}{metadata.b}{tags.a}{tags.b}', ['details', 'tags']],
  ])('of the template %j is read from S3 only if it is not in the event', async (template, reads) => {
    await valuesOf([template]);
    expect(read).toEqual(reads);
  });
});

it('the templates of a route are its caption, or the default, and its alternative text', () => {
  expect(templatesOf({})).toEqual(['{key}']);
  expect(templatesOf({ caption: 'a', altText: 'b' })).toEqual(['a', 'b']);
});

describe('the console link', () => {
  const linkOf = (region: string | undefined, object: Partial<CreatedObject> = {}) =>
    consoleLink(createdObject(object), region);

  it.each([
    ['eu-central-1', 'https://eu-central-1.console.aws.amazon.com/'],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/'],
    ['us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com/'],
    ['eusc-de-east-1', 'https://eusc-de-east-1.console.amazonaws-eusc.eu/'],
  ])('in %s begins with %s', (region, start) => {
    expect(linkOf(region)).toBe(`${start}s3/object/example-uploads?region=${region}&prefix=reports%2Fweekly.pdf`);
  });

  it.each(['us-iso-east-1', 'eu-isoe-west-1', 'evil.example/', '', undefined])(
    'does not exist in the region %j',
    (region) => {
      expect(linkOf(region)).toBeUndefined();
    },
  );

  it('names the version of a versioned object', () => {
    expect(linkOf('eu-central-1', { versionId: 'a_b.c' })).toMatch(/&versionId=a%5Fb\.c$/);
    expect(linkOf('eu-central-1', { versionId: 'null' })).not.toContain('versionId');
  });

  it('has no character of the key that has a meaning in a message', () => {
    const key = `()[]<>*_~|\`'"!@#$%^&={}\\ä🏔 \n?msg=a`;
    const link = linkOf('eu-central-1', { key }) ?? '';
    expect(link).toMatch(/^[\w:/.?&=%-]+$/);
    expect(link).not.toContain('_');
    expect(URL.parse(link)?.searchParams.get('prefix')).toBe(key);
  });
});

describe('humanSize', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [102_400, '100 KiB'],
    [1024 ** 2, '1 MiB'],
    [5 * 1024 ** 3, '5 GiB'],
    [50 * 1024 ** 4, '50 TiB'],
    [2048 * 1024 ** 4, '2048 TiB'],
  ])('shows %i bytes as %s', (sizeBytes, text) => {
    expect(humanSize(sizeBytes)).toBe(text);
  });
});
