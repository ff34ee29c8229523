import { S3Client } from '@aws-sdk/client-s3';
import { createSendHttp } from '../../lambdas/relay/adapters/rocket-chat/http.ts';
import { createS3Objects } from '../../lambdas/relay/adapters/s3-objects.ts';
import { multipartFrame } from '../../lambdas/relay/adapters/rocket-chat/multipart.ts';
import type { Send } from './send.ts';
const { signal } = new AbortController();
let client;
export const send: Send = async (from, to) => {
  const u = new URL(from); 
  client ??= new S3Client({ endpoint: u.origin, region:'us-east-1', credentials:{accessKeyId:'a',secretAccessKey:'b'}, forcePathStyle:true, responseChecksumValidation:'WHEN_REQUIRED', requestHandler: { connectionTimeout: 5_000, ...(process.env.ST ? {} : {socketTimeout: 120_000}) } });
  const source = await createS3Objects({ client }).open({ bucket:'uploads', key: u.pathname.slice('/uploads/'.length) }, { signal });
  const { head, tail, contentType } = multipartFrame('file', 'a.bin', 'application/octet-stream');
  const { origin, pathname } = new URL(to);
  const answer = await createSendHttp(new URL(origin))({ method: 'POST', path: pathname, headers: { 'content-type': contentType }, body: { head, tail, stream: source.body, sizeBytes: source.sizeBytes }, signal });
  source.close();
  if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
};
