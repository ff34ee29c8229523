import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleRelay } from '../lib/infra/function/bundle.ts';
import type { Bench } from './harness/report.ts';
import { bundleUsualWay } from './usual-way/bundle.ts';

export const bench: Bench = {
  question: 'How large is the bundle, and how much of it is each dependency?',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'bench-bundle-'));
    try {
      const { sizeBytes, file } = await bundleRelay(join(folder, 'relay'), { sourcemap: true });
      const usualBytes = bundleUsualWay(join(folder, 'usual')).sizeBytes;
      const weights = [...weigh(file)].sort(([, a], [, b]) => b - a);
      const kb = (bytes: number) => (bytes / 1024).toFixed(1);
      return {
        columns: ['', 'KB'],
        rows: [
          ...weights.map(([name, bytes]) => [name, kb(bytes)]),
          ['the whole', kb(sizeBytes)],
          ['the usual way', kb(usualBytes)],
        ],
        repeats: 'built once: the same sources give the same bytes',
        gates: [{ what: 'KB of the bundle', reached: sizeBytes / 1024, better: 'smaller', must: 700, digits: 1 }],
      };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Bytes of the bundle by package, according to the source map. */
const weigh = (file: string): Map<string, number> => {
  const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload);
  const weights = new Map<string, number>();
  for (const [lineNumber, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    for (let column = 0; column < line.length; column += 1) {
      const entry = map.findEntry(lineNumber, column);
      const name = packageOf('originalSource' in entry ? entry.originalSource : undefined);
      weights.set(name, (weights.get(name) ?? 0) + Buffer.byteLength(line.charAt(column)));
    }
  }
  return weights;
};

const packageOf = (source: string | undefined): string => {
  if (source === undefined) return "the bundler's own";
  const at = source.lastIndexOf('node_modules/');
  if (at === -1) return source.includes('lambdas/relay') ? "the function's own code" : "the bundler's own";
  const [first = '', second = ''] = source.slice(at + 'node_modules/'.length).split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
};
