import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/**
 * Builds the usual way as small as possible without leaving out any part: one minified ES module, from the packages' ES
 * modules.
 */
export const bundleUsualWay = (outdir: string): { file: string; sizeBytes: number } => {
  const file = join(outdir, 'index.js');
  mkdirSync(outdir, { recursive: true });
  buildSync({
    entryPoints: [join(import.meta.dirname, 'index.ts')],
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    legalComments: 'none',
    logLevel: 'error',
  });
  writeFileSync(join(outdir, 'package.json'), '{"type":"module"}\n');
  return { file, sizeBytes: statSync(file).size };
};
