import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { startLocalRelay } from '../../lib/local/index.ts';

// Two minutes, because the lease of a killed delivery has to run out.
it('a link is posted once if the process is killed after its message, also if the file would be accepted then', async () => {
  const relay = await startLocalRelay({
    chatServer: { settings: { FileUpload_MaxFileSize: 10 } },
    settings: { routes: [{ room: '#general', link: { baseUrl: 'https://files.example.com' } }] },
    functionTimeoutMs: 5_000,
  });
  try {
    const { chat } = relay;
    if (chat === undefined) throw new Error('the embedded relay has no chat server');
    chat.faults.next('sendMessage', { kind: 'hang', commit: true });
    await relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key: 'large.txt', Body: 'eleven char' }));
    await expect.poll(() => chat.messages('general').length, { timeout: 10_000 }).toBe(1);
    await relay.functions[0]?.kill();
    chat.settings.FileUpload_MaxFileSize = 100;
    await relay.settled({ timeoutMs: 110_000 });
    expect(chat.messages('general')).toHaveLength(1);
    expect(chat.calls.filter(({ name }) => name === 'media')).toEqual([]);
    expect(relay.deliveries.at(-1)).toMatchObject({ outcome: 'posted', link: 'FILE_TOO_LARGE' });
  } finally {
    await relay.close();
  }
}, 150_000);
