import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleRelay } from '../lib/infra/function/bundle.ts';
import { buildCommand, ESBUILD_OPTIONS, ROOT } from './build-command.ts';

// Builds dist/, which the package ships: the construct (one CommonJS file, so that apps of both module systems can load
// it), its types, the function's bundle and the command `relay`.
const DIST = join(ROOT, 'dist');

const buildConstruct = () =>
  build({
    ...ESBUILD_OPTIONS,
    entryPoints: ['lib/index.ts'],
    outfile: join(DIST, 'index.js'),
    format: 'cjs',
    define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' },
  });

const buildTypes = () =>
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

/** The licences of the bundled packages, which most of them require to be distributed with their code. */
const licencesOf = (files: readonly string[]): string => {
  const folders = files.flatMap((file) => file.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.slice(0, 1) ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(ROOT, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? '' : readFileSync(join(ROOT, folder, file), 'utf8').trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
};

rmSync(DIST, { recursive: true, force: true });
const results = [await buildConstruct(), await buildCommand(join(DIST, 'relay'))];
buildTypes();
const { sources } = await bundleRelay(join(DIST, 'function'));
writeFileSync(join(DIST, 'package.json'), '{"type":"commonjs"}\n');
const bundledFiles = [...results.flatMap(({ metafile }) => Object.keys(metafile.inputs)), ...sources];
writeFileSync(join(DIST, 'THIRD-PARTY-LICENSES'), licencesOf(bundledFiles));
