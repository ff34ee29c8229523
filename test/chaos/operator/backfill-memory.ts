import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { SettingsSchema } from '../../../lambdas/relay/domain/settings.ts';
import { writeLocalFile } from '../../../lib/operator/target/local-file.ts';
import { runCommand } from '../../helpers/operator.ts';
import { startListingServer } from './listing-server.ts';

const SAMPLE_EVERY_MS = 50;

/** How much memory a backfill of many keys takes. */
export interface BackfillMemory {
  readonly keys: number;
  readonly sent: number;
  /** The largest resident set of the process. */
  readonly peakMiB: number;
  readonly durationMs: number;
}

/** Runs `relay backfill --execute` on a bucket of so many keys, and reads the peak of its memory from Linux. */
export const measureBackfill = async (keys: number): Promise<BackfillMemory> => {
  const server = await startListingServer(keys);
  const folder = mkdtempSync(join(tmpdir(), 'backfill-memory-'));
  const env = { XDG_RUNTIME_DIR: folder };
  const { endpoint } = server;
  const endpoints = {
    s3: endpoint,
    sqs: endpoint,
    dynamodb: endpoint,
    secretsManager: endpoint,
    lambda: endpoint,
    logs: endpoint,
  };
  const remove = writeLocalFile(
    env,
    {
      region: 'us-east-1',
      endpoints,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      bucket: 'uploads',
      queueUrl: `${endpoint}/000000000000/uploads`,
      deadLetterQueueUrl: `${endpoint}/000000000000/dead-letters`,
      ledgerTable: 'ledger',
      secretId: 'secret',
      rocketChatUrl: endpoint,
      settings: v.parse(SettingsSchema, { routes: [{ room: '#general' }] }),
    },
    folder,
  );
  let peakKiB = 0;
  let timer: NodeJS.Timeout | undefined;
  const startedAt = performance.now();
  try {
    const { exitCode, stderr } = await runCommand(['backfill', '--execute', '--local', '--rate', '3000', '--json'], {
      env,
      onStart({ pid }) {
        timer = setInterval(() => {
          try {
            const status = readFileSync(`/proc/${pid}/status`, 'utf8');
            peakKiB = Math.max(peakKiB, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
          } catch {
            // The process has ended.
          }
        }, SAMPLE_EVERY_MS);
      },
    });
    if (exitCode !== 0) throw new Error(`the backfill exited with ${exitCode}: ${stderr}`);
    const durationMs = performance.now() - startedAt;
    return { keys, sent: server.sent(), peakMiB: Math.round(peakKiB / 1024), durationMs };
  } finally {
    clearInterval(timer);
    remove();
    rmSync(folder, { recursive: true, force: true });
    await server.close();
  }
};
