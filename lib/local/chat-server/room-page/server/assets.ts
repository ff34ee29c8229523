import { createRequire } from 'node:module';
import { join } from 'node:path';

const CLIENT = join(import.meta.dirname, '../client');

let bundled: { readonly script: string; readonly style: string } | undefined;

/** The page's script and style sheet, bundled by esbuild at the first request. @throws esbuild's BuildFailure */
export const pageAssets = (): { readonly script: string; readonly style: string } => {
  bundled ??= bundle();
  return bundled;
};

const bundle = () => {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { outputFiles } = buildSync({
    entryPoints: [join(CLIENT, 'main.tsx'), join(CLIENT, 'style.css')],
    outdir: CLIENT,
    write: false,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    // Not that of the repository, which is for Node.js.
    tsconfigRaw: {},
    legalComments: 'none',
    logLevel: 'warning',
  });
  const text = (extension: string) => outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? '';
  return { script: text('.js'), style: text('.css') };
};

/** A cloud with an arrow to a speech bubble; red with a mark if something needs attention. */
export const icon = (needsAttention: boolean): string => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#1d4ed8"/>
<path d="M8 9.5A2.5 2.5 0 0 1 10.500 7h11A2.500 2.500 0 0 1 24 9.500v8a2.500 2.500 0 0 1-2.500 2.500H15l-5 4.500V20a2 2 0 0 1-2-2z" fill="#fff"/>
<path d="M16 17.200V10.300m0 0-3 3m3-3 3 3" stroke="#1d4ed8" stroke-width="2" fill="none" stroke-linecap="round" stroke-linejoin="round"/>
${needsAttention ? '<circle cx="25" cy="25" r="6.500" fill="#dc2626" stroke="#fff" stroke-width="1.500"/><path d="M25 21.800v3.700m0 2.500v.1" stroke="#fff" stroke-width="2" stroke-linecap="round"/>' : ''}</svg>`;
