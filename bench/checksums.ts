import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c, Crc64Nvme } from '../lambdas/relay/adapters/s3/crc.ts';
import type { Bench } from './harness/report.ts';
import { interleaved, median, spread } from './harness/statistics.ts';
import { syntheticBytes } from './harness/synthetic-object.ts';

const GIB = 1024 ** 3;

/** In chunks of 64 KiB, the size in which a socket delivers them. */
export const bench: Bench = {
  question: 'What does it cost to verify an object?',
  async run({ quick }) {
    const rounds = quick ? 2 : 5;
    const sizeBytes = (quick ? 32 : 128) * 1024 ** 2;
    const timed = (start: () => (piece: Buffer) => void) => async () => {
      const update = start();
      const before = process.cpuUsage();
      for (const piece of syntheticBytes(sizeBytes, 64 * 1024)) update(piece);
      const { user, system } = process.cpuUsage(before);
      return ((user + system) / 1e6) * (GIB / sizeBytes);
    };
    const hashed = (algorithm: string) => () => {
      const hash = createHash(algorithm);
      return (piece: Buffer) => void hash.update(piece);
    };
    const samples = await interleaved(rounds, {
      'CRC32 (zlib)': timed(() => {
        let sum = 0;
        return (piece) => {
          sum = crc32(piece, sum);
        };
      }),
      'SHA-1 (OpenSSL)': timed(hashed('sha1')),
      'SHA-256 (OpenSSL)': timed(hashed('sha256')),
      'MD5 (OpenSSL)': timed(hashed('md5')),
      'CRC32C (ours)': timed(() => {
        const crc = new Crc32c();
        return (piece) => crc.update(piece);
      }),
      'CRC64NVME (ours)': timed(() => {
        const crc = new Crc64Nvme();
        return (piece) => crc.update(piece);
      }),
    });
    const rows = Object.entries(samples).sort(([, a], [, b]) => median(a) - median(b));
    return {
      columns: ['', 'CPU s a GiB'],
      rows: rows.map(([name, seconds]) => [name, spread(seconds, 2)]),
      repeats: `${rounds} rounds of ${sizeBytes / 1024 ** 2} MiB each, in turns`,
      gates: [],
    };
  },
};
