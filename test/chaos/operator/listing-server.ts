import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { listenOnLoopback } from '../../../lib/local/loopback.ts';

const PAGE = 1_000;

export interface ListingServer {
  readonly endpoint: string;
  /** How many messages have been sent to the queue. */
  readonly sent: () => number;
  close(): Promise<void>;
}

/**
 * S3, SQS and DynamoDB in answers of their own format, for one bucket of any size that no ledger entry knows. The listing is
 * computed, so the server needs no memory for its objects.
 */
export const startListingServer = async (objects: number): Promise<ListingServer> => {
  let sent = 0;
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const action = String(request.headers['x-amz-target'] ?? '').split('.')[1];
      const answerJson = (answer: object) => {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify(answer));
      };
      if (action === 'Query') answerJson({ Items: [], Count: 0, ScannedCount: 0 });
      else if (action === 'GetQueueAttributes') answerJson({ Attributes: { MessageRetentionPeriod: '1209600' } });
      else if (action === 'SendMessageBatch') {
        const entries = JSON.parse(body).Entries as { Id: string; MessageBody: string }[];
        sent += entries.length;
        const accepted = entries.map(({ Id, MessageBody }) => ({
          Id,
          MessageId: `m-${sent}-${Id}`,
          MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
        }));
        answerJson({ Successful: accepted, Failed: [] });
      } else {
        response.writeHead(200, { 'content-type': 'application/xml' });
        response.end(listing(new URL(request.url ?? '/', 'http://localhost').searchParams, objects));
      }
    });
  });
  const { endpoint, close } = await listenOnLoopback(server);
  return { endpoint, sent: () => sent, close };
};

const keyOf = (index: number): string => `archive/2019/${String(index).padStart(9, '0')}-scan-of-a-document.pdf`;

const listing = (query: URLSearchParams, objects: number): string => {
  const start = Number(query.get('continuation-token') ?? 0);
  const end = Math.min(objects, start + PAGE);
  const contents = Array.from({ length: end - start }, (_, i) => {
    const eTag = (start + i).toString(16).padStart(32, '0');
    return (
      `<Contents><Key>${keyOf(start + i)}</Key><LastModified>2019-05-01T08:00:00.000Z</LastModified>` +
      `<ETag>&quot;${eTag}&quot;</ETag><Size>1024</Size><StorageClass>STANDARD</StorageClass></Contents>`
    );
  });
  const next = end < objects ? `<NextContinuationToken>${end}</NextContinuationToken>` : '';
  return (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
    `<Name>uploads</Name><KeyCount>${contents.length}</KeyCount><MaxKeys>${PAGE}</MaxKeys>` +
    `<IsTruncated>${end < objects}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
  );
};

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};
