import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import type { Route } from '../../lambdas/relay/domain/settings.ts';
import { objectPatterns, readableObjects } from '../../lib/infra/function/readable-objects.ts';
import { synthesise } from './synthesise.ts';

describe('objectPatterns', () => {
  it('allows every object if a route has no prefix', () => {
    expect(objectPatterns(['a/', ''])).toEqual(['*']);
  });

  it('allows the prefixes of the routes, without those that a shorter prefix covers', () => {
    expect(objectPatterns(['b/', 'a/x/', 'a/', 'a/'])).toEqual(['a/*', 'b/*']);
  });

  it.each([
    ['in box/', 'in?box/*'],
    ['why?/', 'why?/*'],
    [`\${aws:username}/`, '??aws:username?/*'],
    ['Büro (1)/', 'B*ro??1?/*'],
    ['日本', '*'],
  ])('replaces characters of %j that a policy cannot contain: %j', (prefix, pattern) => {
    expect(objectPatterns([prefix])).toEqual([pattern]);
  });

  it('allows every object if the patterns are too long for the policy', () => {
    expect(objectPatterns(Array.from({ length: 500 }, (_, i) => `department-${i}/`))).toEqual(['*']);
  });
});

describe('readableObjects', () => {
  const bucket = { arnForObjects: (pattern: string) => pattern } as IBucket;

  it.each<[string, Route[], string[]]>([
    ['the literal beginnings of globs', [{ glob: '{in,out}/**/*.pdf', room: '#a' }], ['in/*', 'out/*']],
    ['the longer of prefix and glob', [{ prefix: 'in/', glob: 'in/x*', room: '#a' }], ['in/x*']],
    ['no objects that a route ignores by key and size', [{ prefix: 'a/', room: '#a' }, { ignore: true }], ['a/*']],
    [
      'objects whose content type, metadata or tags decide that they are ignored',
      [
        { prefix: 'a/', contentTypes: ['a/b'], ignore: true },
        { prefix: 'b/', metadata: { x: 'y' }, ignore: true },
        { prefix: 'c/', tags: { x: 'y' }, ignore: true },
        { prefix: 'd/', room: '#d' },
      ],
      ['a/*', 'b/*', 'c/*', 'd/*'],
    ],
  ])('are %s', (_, routes, patterns) => {
    expect(readableObjects(bucket, routes)).toEqual(patterns);
  });
});

describe("the function's permission to read tags", () => {
  const statements = (routes: Route[]) =>
    Object.values(synthesise({ routes }).template.findResources('AWS::IAM::Policy'))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as { Action: unknown; Resource: unknown }[])
      .filter(({ Action }) => JSON.stringify(Action).includes('s3:GetObjectTagging'));

  it('covers the objects of the routes with tags, and does not exist without such routes', () => {
    const tagged = statements([
      { prefix: 'a/b/', tags: { x: 'y' }, room: '#a' },
      { prefix: 'a/', room: '#b' },
    ]);
    expect(tagged).toMatchObject([{ Action: ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'] }]);
    expect(JSON.stringify(tagged[0]?.Resource)).toMatch(/\/a\/b\/\*"/);
    expect(statements([{ prefix: 'a/', room: '#b' }])).toEqual([]);
  });
});
