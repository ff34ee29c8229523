import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

export const ROOT = join(import.meta.dirname, '..');

export const ESBUILD_OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  // The consumer's own copies: CDK does not recognise constructs of a second copy of itself.
  external: ['aws-cdk-lib', 'constructs', 'rolldown'],
  logLevel: 'warning',
  metafile: true,
} satisfies BuildOptions;

/** The emulators of `relay local` need native modules and Node 24, so the package has `clone-only.ts` in its place. */
const withoutLocal: Plugin = {
  name: 'without-local',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/local\.ts$/ }, ({ importer }) =>
      importer === join(ROOT, 'lib/operator/program.ts')
        ? { path: join(ROOT, 'lib/operator/clone-only.ts') }
        : undefined,
    );
  },
};

/** Builds the command `relay` as the package has it. @param outdir receives `relay.mjs` and its chunks */
export const buildCommand = (outdir: string) =>
  build({
    ...ESBUILD_OPTIONS,
    entryPoints: ['bin/relay.ts'],
    outdir,
    format: 'esm',
    // Each command loads only what it needs.
    splitting: true,
    outExtension: { '.js': '.mjs' },
    mainFields: ['module', 'main'],
    // Bundled CommonJS packages require modules of Node.
    banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [withoutLocal],
  });
