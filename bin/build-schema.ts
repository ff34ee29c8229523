import { writeFileSync } from 'node:fs';
import { cdkJsonSchema } from '../lib/infra/config/json-schema.ts';

// Writes relay.schema.json, which editors use for cdk.json. A test checks that it is up to date.
writeFileSync(new URL('../relay.schema.json', import.meta.url), `${JSON.stringify(cdkJsonSchema(), null, 2)}\n`);
