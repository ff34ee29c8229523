import type { EmulatorApp } from './s3-sqs.ts';

/**
 * Adds objects' tags to the embedded S3, which has none: `?tagging` of an object, and the header `x-amz-tagging` of an
 * upload. An upload replaces the tags of the object before it.
 */
export const addObjectTags = (app: EmulatorApp): void => {
  const tagsOf = new Map<string, ReadonlyMap<string, string>>();

  app.addHook('preHandler', (request, reply, done) => {
    const path = pathOf(request.params);
    if (path === undefined || !('tagging' in (request.query as object))) return done();
    const answer = (status: number, body = '') =>
      void reply
        .code(status)
        .type('application/xml')
        .send(body === '' ? '' : `${XML}${body}`);
    void app.inject({ method: 'HEAD', url: encodedPath(path) }).then(({ statusCode }) => {
      if (statusCode !== 200) return answer(404, '<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>');
      if (request.method === 'PUT') tagsOf.set(path, new Map(tagsIn(String(request.body))));
      if (request.method === 'DELETE') tagsOf.delete(path);
      if (request.method !== 'GET') return answer(request.method === 'DELETE' ? 204 : 200);
      const tags = [...(tagsOf.get(path) ?? [])].map(
        ([name, value]) => `<Tag><Key>${xmlText(name)}</Key><Value>${xmlText(value)}</Value></Tag>`,
      );
      return answer(200, `<Tagging><TagSet>${tags.join('')}</TagSet></Tagging>`);
    });
  });

  app.addHook('onSend', (request, reply, payload, done) => {
    const path = pathOf(request.params);
    const query = request.query as Readonly<Record<string, unknown>>;
    const isUpload = request.method === 'PUT' && !('partNumber' in query) && !('tagging' in query);
    if (path !== undefined && isUpload && reply.statusCode === 200) {
      tagsOf.set(path, new Map(new URLSearchParams(String(request.headers['x-amz-tagging'] ?? ''))));
    }
    done(null, payload);
  });
};

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** `bucket/key` of a request for an object. */
const pathOf = (params: unknown): string | undefined => {
  const { bucket, '*': key } = (params ?? {}) as { bucket?: string; '*'?: string };
  return bucket === undefined || !key ? undefined : `${bucket}/${key}`;
};

const encodedPath = (path: string): string => `/${path.split('/').map(encodeURIComponent).join('/')}`;

function* tagsIn(xml: string): Generator<readonly [string, string]> {
  for (const [, name = '', value = ''] of xml.matchAll(
    /<Tag>\s*<Key>(.*?)<\/Key>\s*<Value>(.*?)<\/Value>\s*<\/Tag>/gs,
  )) {
    yield [plainText(name), plainText(value)];
  }
}

const SIGNS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const xmlText = (text: string): string => text.replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? sign);
const plainText = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|apos);/g, (name) => Object.keys(SIGNS).find((sign) => SIGNS[sign] === name) ?? name);
