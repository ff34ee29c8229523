import type { IncomingHttpHeaders } from 'node:http';
import { buildApp } from 'fauxqs';
import { LOOPBACK } from '../loopback.ts';

export type EmulatorApp = ReturnType<typeof buildApp>;

// S3's limit for one PUT. The emulator's default is 11 MiB.
const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** Sub-resources that the emulator does not tell from the object: `PUT ?acl` would replace the object's content. */
const SUB_RESOURCES = ['acl', 'retention', 'legal-hold', 'torrent', 'restore', 'select'] as const;

/**
 * Creates S3 and SQS with fauxqs; they do not listen yet. Adds what real clients need: large single PUTs, empty objects,
 * bodies of any content type, and an error for requests that fauxqs would carry out wrongly.
 *
 * `startFauxqs` is not used because it listens on every network interface and checks no credentials.
 */
export const createS3AndSqs = (region: string): EmulatorApp => {
  const app = buildApp({ logger: false, defaultRegion: region });

  app.removeContentTypeParser('*');
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_PUT_BYTES }, (_request, body, done) => {
    done(null, body);
  });

  // fauxqs reads SNS requests as forms. `curl --data-binary` declares the same content type for an upload.
  app.removeContentTypeParser('application/x-www-form-urlencoded');
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer', bodyLimit: MAX_PUT_BYTES },
    (request, body, done) => {
      done(null, request.method === 'PUT' ? body : Object.fromEntries(new URLSearchParams(body.toString())));
    },
  );

  app.addHook('onRequest', (request, reply, done) => {
    const unsupported = unsupportedFeature(request);
    if (unsupported === undefined) return done();
    reply
      .code(501)
      .type('application/xml')
      .send(
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NotImplemented</Code>' +
          `<Message>The embedded S3 does not support ${unsupported}.</Message></Error>`,
      );
  });

  // A PUT of zero bytes has no body, so no parser runs.
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.method === 'PUT' && request.body == null) request.body = Buffer.alloc(0);
    done();
  });
  return app;
};

/** Listens on the loopback interface. @returns the endpoint @throws EADDRINUSE and other listen errors */
export const listenS3AndSqs = (app: EmulatorApp, port = 0): Promise<string> => app.listen({ port, host: LOOPBACK });

interface RequestHead {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: unknown;
  readonly query: unknown;
}

// A browser form has its key in the body, which the notifications do not read. Such an upload would not be relayed.
const unsupportedFeature = (request: RequestHead): string | undefined => {
  const { bucket, '*': key } = (request.params ?? {}) as { bucket?: string; '*'?: string };
  if (bucket === undefined) return undefined;
  if (request.method === 'POST' && request.headers['content-type']?.startsWith('multipart/form-data')) {
    return 'uploads by browser form: use PUT';
  }
  if (request.method === 'POST' && 'x-amz-tagging' in request.headers) {
    return 'tags of a multipart upload: tag the finished object';
  }
  const parameter = key ? SUB_RESOURCES.find((name) => name in (request.query as object)) : undefined;
  return parameter && `"?${parameter}"`;
};
