import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { withLiteralKeys, withVersionsOnly } from './sdk-text.ts';

const ROOT = join(import.meta.dirname, '../..');
const ENTRY = join(ROOT, 'lambdas/relay/index.ts');
const sdkPart = (name: string): string => join(import.meta.dirname, 'sdk-parts', name);

/** Parts of the AWS SDK that the function never uses, each a reason why in its file; together a fifth of the bundle. */
const REPLACED = {
  '@aws-sdk/credential-provider-node': sdkPart('environment-credentials.ts'),
  '@aws-sdk/checksums/flexible-checksums': sdkPart('no-flexible-checksums.ts'),
  '@smithy/core/event-streams': sdkPart('no-event-streams.ts'),
  '@aws-sdk/middleware-endpoint-discovery': sdkPart('no-endpoint-discovery.ts'),
};

/** The function's handler inside the bundle, as Lambda names it. */
export const BUNDLE_HANDLER = 'index.handler';

/**
 * Builds the function as it is deployed and as the embedded runtime runs it: one minified file with everything in it,
 * the AWS SDK included, so that what was tested is what runs whatever SDK the runtime brings along. The same sources
 * give the same bytes.
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
  const common = {
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'warning',
  } as const;
  const { outputFiles } = buildSync({
    ...common,
    entryPoints: [ENTRY],
    write: false,
    format: 'esm',
    // The packages' ES modules where they have them: esbuild can shake those, which makes the file a quarter smaller.
    mainFields: ['module', 'main'],
    alias: REPLACED,
    sourcemap: sourcemap && 'inline',
    sourcesContent: false,
  });
  // In two passes, because of the SDK's tables of every operation of a service: see sdk-text.ts.
  buildSync({
    ...common,
    stdin: { contents: withVersionsOnly(withLiteralKeys(outputFiles[0]?.text ?? '')), resolveDir: ROOT },
    outfile: file,
    minify: true,
    // CommonJS starts faster than ESM: in an ES module, importing node:http loads undici too.
    format: 'cjs',
    sourcemap: sourcemap && 'external',
    sourcesContent: false,
  });
  // Run from inside this repository, whose package.json says "module", Node would take index.js for an ES module.
  writeFileSync(join(outdir, 'package.json'), '{"type":"commonjs"}\n');
  return { file, sizeBytes: statSync(file).size };
};
