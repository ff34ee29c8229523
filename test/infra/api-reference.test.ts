import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { apiReference } from './api-reference.ts';

it('API.md is what the doc comments say (UPDATE_DOCS=1 writes it)', { timeout: 120_000 }, () => {
  const file = new URL('../../API.md', import.meta.url);
  const text = apiReference();
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, text);
  expect(readFileSync(file, 'utf8')).toBe(text);
});
