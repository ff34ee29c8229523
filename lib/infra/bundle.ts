import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');
const ENTRY = join(ROOT, 'lambdas/relay/index.ts');

/** The function's handler inside the bundle, as Lambda names it. */
export const BUNDLE_HANDLER = 'index.handler';

/**
 * Builds the function as it is deployed and as the embedded runtime runs it: one minified file with everything in it,
 * the AWS SDK included, so that what was tested is what runs whatever SDK the runtime brings along. The same sources
 * give the same bytes.
 *
 * @param outdir made if missing; gets `index.js` and a `package.json` that marks it as CommonJS
 * @throws esbuild's BuildFailure, whose message lists every error with its place
 */
export const bundleRelay = (outdir: string): { file: string; sizeBytes: number } => {
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
    // CommonJS starts faster than ESM: in an ES module, importing node:http loads undici too.
    format: 'cjs',
    // The packages' ES modules where they have them: esbuild can shake those, which makes the file a quarter smaller.
    mainFields: ['module', 'main'],
    sourcemap: false,
    legalComments: 'none',
    logLevel: 'warning',
  });
  // Run from inside this repository, whose package.json says "module", Node would take index.js for an ES module.
  writeFileSync(join(outdir, 'package.json'), '{"type":"commonjs"}\n');
  return { file, sizeBytes: statSync(file).size };
};
