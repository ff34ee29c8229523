import { describe, expect, it } from 'vitest';
import { objectPatterns } from '../../lib/infra/function/readable-objects.ts';

describe('objectPatterns', () => {
  it('allows everything if a route takes everything', () => {
    expect(objectPatterns(['a/', ''])).toEqual(['*']);
  });

  it('allows the prefixes of the routes, without those that a shorter one covers', () => {
    expect(objectPatterns(['b/', 'a/x/', 'a/', 'a/'])).toEqual(['a/*', 'b/*']);
  });

  it.each([
    ['in box/', 'in?box/*'],
    ['why?/', 'why?/*'],
    [`\${aws:username}/`, '??aws:username?/*'],
    ['Büro (1)/', 'B*ro??1?/*'],
    ['日本', '*'],
  ])('widens %j to %j where a policy can not say it', (prefix, pattern) => {
    expect(objectPatterns([prefix])).toEqual([pattern]);
  });

  it('allows everything rather than fill the policy', () => {
    expect(objectPatterns(Array.from({ length: 500 }, (_, i) => `department-${i}/`))).toEqual(['*']);
  });
});
