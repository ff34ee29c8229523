#!/usr/bin/env node
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { bundleRelay } from '../lib/infra/function/bundle.ts';

// Makes dist/, which the package ships: the construct as one CommonJS file, which apps of either module kind can load,
// its types, and beside it the function's bundle.
const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
const options = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  // The consumer's own: two copies of CDK in one app do not know each other's constructs.
  external: ['aws-cdk-lib', 'constructs'],
} satisfies BuildOptions;
buildSync({
  ...options,
  entryPoints: ['lib/index.ts'],
  outfile: join(DIST, 'index.js'),
  target: 'node20',
  format: 'cjs',
  define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' },
  logLevel: 'warning',
});
execFileSync(
  process.execPath,
  [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    ...['lib/index.ts', '--ignoreConfig', '--declaration', '--emitDeclarationOnly'],
    ...['--rootDir', '.', '--outDir', join(DIST, 'types'), '--types', 'node', '--skipLibCheck'],
    ...['--target', 'es2025', '--module', 'nodenext', '--allowImportingTsExtensions'],
    ...['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'],
  ],
  { cwd: ROOT, stdio: 'inherit' },
);
writeFileSync(join(DIST, 'package.json'), '{"type":"commonjs"}\n');
bundleRelay(join(DIST, 'function'));

// Both files hold code of others, whose licences want to be passed on with it.
const { metafile } = buildSync({
  ...options,
  entryPoints: ['lib/index.ts', 'lambdas/relay/index.ts'],
  format: 'esm',
  outdir: DIST,
  write: false,
  metafile: true,
});
const folders = Object.keys(metafile.inputs).flatMap(
  (file) => file.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.slice(0, 1) ?? [],
);
const licences = [...new Set(folders)].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
  const file = readdirSync(join(ROOT, folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : readFileSync(join(ROOT, folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(join(DIST, 'THIRD-PARTY-LICENSES'), licences.join(`\n${'-'.repeat(80)}\n\n`));
