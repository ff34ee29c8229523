import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const ENTRY = join(ROOT, 'lambdas/relay/index.ts');
/** The function's handler inside the bundle, as Lambda names it. */
export const BUNDLE_HANDLER = 'index.handler';

/**
 * Builds the function as it is deployed and as the embedded runtime runs it: one minified file with everything in it.
 * The same sources give the same bytes.
 *
 * @param outdir made if missing; gets `index.js` and a `package.json` that marks it as CommonJS
 * @param options `sourcemap`: writes `index.js.map` too. @default false
 * @throws esbuild's BuildFailure, whose message lists every error with its place
 */
export const bundleRelay = (
  outdir: string,
  options: { readonly sourcemap?: boolean } = {},
): { file: string; sizeBytes: number } => {
  // Not imported: whoever installed the package has the bundle ready and needs no esbuild.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { sourcemap = false } = options;
  const file = join(outdir, 'index.js');
  mkdirSync(outdir, { recursive: true });
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY],
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    // CommonJS starts faster than ESM: importing node:http from an ES module loads undici.
    format: 'cjs',
    // In a CommonJS file a dynamic import of node:http would go through the ES module loader, which loads undici too.
    supported: { 'dynamic-import': false },
    // The packages' ES modules, which esbuild can tree-shake.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    logLevel: 'warning',
    sourcemap: sourcemap && 'external',
    sourcesContent: false,
  });
  // Run from inside this repository, whose package.json says "module", Node would take index.js for an ES module.
  writeFileSync(join(outdir, 'package.json'), '{"type":"commonjs"}\n');
  return { file, sizeBytes: statSync(file).size };
};
