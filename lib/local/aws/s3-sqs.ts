import type { IncomingHttpHeaders } from 'node:http';
import { buildApp } from 'fauxqs';
import { LOOPBACK } from '../loopback.ts';

export type EmulatorApp = ReturnType<typeof buildApp>;

// What S3 itself takes in one PUT: 5 GiB. The emulator's own limit is 11 MiB.
const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** Sub-resources of an object that the emulator would take for the object: `PUT ?tagging` replaced its content. */
const SUB_RESOURCES = ['tagging', 'acl', 'retention', 'legal-hold', 'torrent', 'restore', 'select'] as const;

/**
 * fauxqs for S3 and SQS, not yet listening, with what real clients need on top: large single PUTs, empty objects, bodies
 * of any content type, and an error instead of damage for what it does not know.
 *
 * `startFauxqs` would be simpler, but it listens on every network interface and takes no one's credentials.
 */
export const createS3AndSqs = (region: string): EmulatorApp => {
  const app = buildApp({ logger: false, defaultRegion: region });

  app.removeContentTypeParser('*');
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_PUT_BYTES }, (_request, body, done) => {
    done(null, body);
  });

  // SNS is spoken in forms, and so is what `curl --data-binary` declares an upload to be.
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
          `<Message>The embedded S3 does not know ${unsupported}.</Message></Error>`,
      );
  });

  // A PUT of zero bytes has no body for the parsers to see.
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.method === 'PUT' && request.body == null) request.body = Buffer.alloc(0);
    done();
  });
  return app;
};

/** @returns the endpoint @throws EADDRINUSE and the like */
export const listenS3AndSqs = (app: EmulatorApp, port = 0): Promise<string> => app.listen({ port, host: LOOPBACK });

interface RequestHead {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: unknown;
  readonly query: unknown;
}

// Browser forms would name their key in the body, where the notifications don't look: better refused than not relayed.
const unsupportedFeature = (request: RequestHead): string | undefined => {
  const { bucket, '*': key } = (request.params ?? {}) as { bucket?: string; '*'?: string };
  if (bucket === undefined) return undefined;
  if (request.method === 'POST' && request.headers['content-type']?.startsWith('multipart/form-data')) {
    return 'uploads by browser form: use PUT';
  }
  const parameter = key ? SUB_RESOURCES.find((name) => name in (request.query as object)) : undefined;
  return parameter && `"?${parameter}"`;
};
