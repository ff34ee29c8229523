import http from 'node:http';
import { createSendHttp } from '../../lambdas/relay/adapters/rocket-chat/http.ts';
import { multipartFrame } from '../../lambdas/relay/adapters/rocket-chat/multipart.ts';
import type { Send } from './send.ts';

const agent = new http.Agent({ keepAlive: true });
const { signal } = new AbortController();

/** The relay's own sender, fed from a plain request. The comparison with the raw pipe shows what the sender costs. */
export const send: Send = async (from, to) => {
  const source = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get(from, { agent }, resolve).once('error', reject);
  });
  const { head, tail, contentType } = multipartFrame('file', 'a.bin', 'application/octet-stream');
  const { origin, pathname } = new URL(to);
  const answer = await createSendHttp(new URL(origin))({
    method: 'POST',
    path: pathname,
    headers: { 'content-type': contentType },
    body: { head, tail, stream: source, sizeBytes: Number(source.headers['content-length']) },
    signal,
  });
  if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
};
