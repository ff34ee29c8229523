import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type CallCounts, createAnswers } from './counterpart-answers.ts';
import type { CounterpartsMessage, CounterpartsReply } from './counterparts.ts';
import { type ChecksumKind, checksumHeaders } from './synthetic-object.ts';

// The process that counterparts.ts starts. Each of the four servers has its own port, as each real service has its own
// host.
const options = JSON.parse(process.argv[2] ?? '{}') as { delayMs: number; tls?: { key: string; certificate: string } };
let counts: CallCounts = {};
let firstConfirmAt: string | undefined;

const answers = createAnswers({
  delayMs: options.delayMs,
  onCall(name) {
    counts[name] = (counts[name] ?? 0) + 1;
    // The clock of hrtime is the same for all processes of a machine.
    if (name === 'chat rooms.mediaConfirm') firstConfirmAt ??= String(process.hrtime.bigint());
  },
});

const { tls } = options;
const material = tls && { key: readFileSync(tls.key), cert: readFileSync(tls.certificate) };
const endpoints: Record<string, string> = {};
for (const [name, answer] of Object.entries(answers)) {
  const listener: http.RequestListener = (request, response) => {
    answer(request, response).catch(() => response.destroy());
  };
  const settings = { keepAliveTimeout: 60_000, requestTimeout: 0 };
  const server = material
    ? https.createServer({ ...settings, ...material }, listener)
    : http.createServer(settings, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // The IP address, because the SDK would put the bucket's name in front of a host name.
  endpoints[name] = `${material ? 'https' : 'http'}://127.0.0.1:${port}`;
}

const reply = (answer: CounterpartsReply) => process.send?.(answer);
process.on('message', async (message: CounterpartsMessage) => {
  if (message.kind === 'prepare') {
    await checksumHeaders(message.sizeBytes, message.checksum as ChecksumKind);
  } else if (message.kind === 'reset') {
    counts = {};
    firstConfirmAt = undefined;
  }
  reply({ counts, firstConfirmAt });
});
process.on('disconnect', () => process.exit());
reply({ counts, firstConfirmAt, endpoints });
