import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONFIGURATIONS } from './configurations.ts';
import { synthesise } from './synthesise.ts';

const GOLDEN = join(import.meta.dirname, 'golden');

describe.each(Object.entries(CONFIGURATIONS))('the template "%s"', (name, relay) => {
  it('equals the reviewed one (UPDATE_GOLDEN=1 accepts a change)', () => {
    const file = join(GOLDEN, `${name}.json`);
    const actual = `${JSON.stringify(normalised(synthesise(relay).template.toJSON()), null, 2)}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, actual);
    expect(actual).toBe(readFileSync(file, 'utf8'));
  });

  it('has no unacknowledged finding of cdk-nag', () => {
    expect(synthesise(relay).findings).toEqual([]);
  });
});

it('has no golden template without a configuration', () => {
  const templates = readdirSync(GOLDEN).filter((file) => file !== 'logical-ids.json');
  expect(templates.sort()).toEqual(
    Object.keys(CONFIGURATIONS)
      .map((name) => `${name}.json`)
      .sort(),
  );
});

/** Removes what changes with every build of the function or with CDK's own Lambda function. */
const normalised = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json, (key, value) => (key === 'ZipFile' ? "CDK's own handler" : value)).replaceAll(
      /[0-9a-f]{64}/g,
      'ASSET-HASH',
    ),
  );
