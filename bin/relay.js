#!/usr/bin/env node
import { existsSync } from 'node:fs';

// The command that npm links as `relay`. A clone runs the sources; the package contains dist/relay/relay.mjs instead of them.
const sources = new URL('./relay.ts', import.meta.url);
if (existsSync(sources)) {
  await import('./require-node.cjs');
  await import(sources.href);
} else {
  await import(new URL('../dist/relay/relay.mjs', import.meta.url).href);
}
