import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const ENTRY = join(ROOT, 'lambdas/relay/index.ts');
/** The handler in the form that Lambda expects: file name, dot, export. */
export const BUNDLE_HANDLER = 'index.handler';

/**
 * Packages that the SDK imports dynamically to find credentials, which the function always gives it, or in a browser.
 * Bundled, they are a fifth of the code that a cold start loads.
 */
const UNUSED_BY_SDK = [
  ...['sso', 'ini', 'process', 'web-identity', 'http'].map((name) => `@aws-sdk/credential-provider-${name}`),
  '@smithy/credential-provider-imds',
  'bowser',
];

/**
 * Bundles the function into one minified file, which is deployed and which the local runtime runs. The same sources give
 * the same bytes.
 *
 * @param outdir created if missing; receives `index.js` and a `package.json` that marks it as CommonJS
 * @param options `sourcemap`: also writes `index.js.map`. @default false
 * @throws esbuild's BuildFailure; its message lists every error with its location
 */
export const bundleRelay = (
  outdir: string,
  options: { readonly sourcemap?: boolean } = {},
): { file: string; sizeBytes: number } => {
  // Loaded here instead of imported: the published package contains the bundle, so its users do not need esbuild.
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
    external: UNUSED_BY_SDK,
    legalComments: 'none',
    logLevel: 'warning',
    sourcemap: sourcemap && 'external',
    sourcesContent: false,
  });
  // Inside this repository, whose package.json says "module", Node.js would load index.js as an ES module otherwise.
  writeFileSync(join(outdir, 'package.json'), '{"type":"commonjs"}\n');
  return { file, sizeBytes: statSync(file).size };
};
