import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const ENTRY = join(ROOT, 'lambdas/relay/index.ts');
/** The handler in the form that Lambda expects: file name, dot, export. */
export const BUNDLE_HANDLER = 'index.handler';

/**
 * What the SDK imports dynamically and the function never needs: ways to find credentials, which it always gives, and
 * event streams, which no operation that it calls has. Bundled, they are a fifth of the code that a cold start loads.
 */
const NEVER_IMPORTED = [
  ...['sso', 'ini', 'process', 'web-identity', 'http'].map((name) => `@aws-sdk/credential-provider-${name}`),
  '@smithy/credential-provider-imds',
  '@smithy/core/event-streams',
];

export interface Bundle {
  readonly file: string;
  readonly sizeBytes: number;
  /** The files of which some code is in the bundle, relative to the repository. */
  readonly sources: readonly string[];
}

/**
 * Bundles the function into one minified file, which is deployed and which the local runtime runs. The same sources give
 * the same bytes.
 *
 * By Rolldown and not by esbuild, which keeps the schemas of all of S3's operations: they have computed keys
 * (docs/decisions/2026-11-24-aws-sdk.md).
 *
 * @param outdir created if missing; receives `index.js` and a `package.json` that marks it as CommonJS
 * @param options `sourcemap`: also writes `index.js.map`. @default false
 * @throws Rolldown's errors, which list every error with its location
 */
export const bundleRelay = async (outdir: string, options: { readonly sourcemap?: boolean } = {}): Promise<Bundle> => {
  // Loaded here instead of at the top: the published package contains the bundle, so its users do not need Rolldown.
  const { rolldown } = await import('rolldown');
  const file = join(outdir, 'index.js');
  mkdirSync(outdir, { recursive: true });
  const build = await rolldown({
    cwd: ROOT,
    input: ENTRY,
    platform: 'node',
    transform: { target: 'node24' },
    // The packages' ES modules, which can be tree-shaken.
    resolve: { mainFields: ['module', 'main'] },
    plugins: [
      {
        name: 'never-imported',
        resolveDynamicImport: (id) => (NEVER_IMPORTED.includes(String(id)) ? { id: String(id), external: true } : null),
      },
    ],
    logLevel: 'warn',
  });
  const { output } = await build.write({
    file,
    // CommonJS starts faster than ESM: importing node:http from an ES module loads undici.
    format: 'cjs',
    // In a CommonJS file a dynamic import of node:http would go through the ES module loader, which loads undici too.
    dynamicImportInCjs: false,
    codeSplitting: false,
    minify: true,
    // V8 keeps a file with other characters in two bytes each, which takes longer to load.
    charset: 'ascii',
    comments: { legal: false },
    sourcemap: options.sourcemap === true && 'hidden',
  });
  await build.close();
  // Inside this repository, whose package.json says "module", Node.js would load index.js as an ES module otherwise.
  writeFileSync(join(outdir, 'package.json'), '{"type":"commonjs"}\n');
  return {
    file,
    sizeBytes: statSync(file).size,
    sources: Object.keys(output[0].modules).map((path) => relative(ROOT, path)),
  };
};
