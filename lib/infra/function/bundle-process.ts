/** Builds the function's bundle into the folder that is named by the first argument: see build-function.ts. */
import { bundleRelay } from './bundle.ts';

const [, , outdir] = process.argv;
if (outdir === undefined) throw new Error('bundle-process.ts: name the folder');
await bundleRelay(outdir);
