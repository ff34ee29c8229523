import { describe, expect, it } from 'vitest';
import { objectPatterns } from '../../lib/infra/function/readable-objects.ts';

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
