import busboy from 'busboy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multipartFrame } from '../../../lambdas/relay/adapters/rocket-chat/multipart.ts';
import { fileName, mediaType } from '../../../lambdas/relay/domain/object-name.ts';

interface Parsed {
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
}

/** Parses a form as Rocket.Chat does: `MultipartUploadHandler.ts` sets `defParamCharset: 'utf8'`. */
const parse = (name: string, contentType: string, content: string): Promise<Parsed[]> => {
  const frame = multipartFrame('file', name, contentType);
  return new Promise((resolve, reject) => {
    const parts: Parsed[] = [];
    const parser = busboy({ headers: { 'content-type': frame.contentType }, defParamCharset: 'utf8' });
    parser.on('file', (field, stream, { filename, mimeType }) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () =>
        parts.push({ field, name: filename ?? '', type: mimeType, content: Buffer.concat(chunks).toString() }),
      );
    });
    parser.on('field', (field) => reject(new Error(`the file arrived as the field ${field}`)));
    parser.on('error', reject);
    parser.on('close', () => resolve(parts));
    parser.end(Buffer.concat([frame.head, Buffer.from(content), frame.tail]));
  });
};

describe('multipartFrame', () => {
  it.each([
    'a.txt',
    'a b.txt',
    'a+b.txt',
    '100%.txt',
    '%41.txt',
    'Umsätze.pdf',
    '照片.jpg',
    '🏔️ café.png',
    "it's (1)*!~.txt",
    'a;b=c,d.txt',
    "UTF-8''x",
  ])('transfers the name %j unchanged', async (name) => {
    expect(await parse(name, 'text/plain', 'x')).toEqual([{ field: 'file', name, type: 'text/plain', content: 'x' }]);
  });

  it('transfers the file name of any key unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string(), async (key, content) => {
        const name = fileName(key);
        const type = mediaType(undefined, name);
        expect(await parse(name, type, content)).toEqual([{ field: 'file', name, type, content }]);
      }),
    );
  });

  it('transfers the file name of a hostile key unchanged', async () => {
    const hostile = fc.string({
      unit: fc.constantFrom(
        '"',
        '\\',
        '\r',
        '\n',
        ';',
        '=',
        '%',
        "'",
        '*',
        '--',
        'filename',
        '\u0000',
        'ä',
        '\u202e',
        'a',
      ),
      maxLength: 80,
    });
    await fc.assert(
      fc.asyncProperty(hostile, async (key) => {
        const name = fileName(key);
        expect(await parse(name, 'text/plain', 'x')).toMatchObject([{ name, content: 'x' }]);
      }),
    );
  });

  it('sends the name as UTF-8 in filename, without filename*', () => {
    const { head } = multipartFrame('file', 'Umsätze 照片 🏔️.pdf', 'application/pdf');
    expect(head.toString('utf8')).toContain(
      'Content-Disposition: form-data; name="file"; filename="Umsätze 照片 🏔️.pdf"\r\n',
    );
    expect(head.toString('utf8')).not.toContain('filename*');
  });

  it('replaces quotes and backslashes and removes CR, LF and NUL', async () => {
    expect(await parse('a"b\\c\r\nX-Header: d\u0000.txt', 'text/plain', 'x')).toEqual([
      { field: 'file', name: 'a_b_cX-Header: d.txt', type: 'text/plain', content: 'x' },
    ]);
  });

  it('is read by a strict parser', async () => {
    const { contentType, head, tail } = multipartFrame('file', 'Umsätze 🏔️;=.pdf', 'application/pdf');
    const body = Buffer.concat([head, Buffer.from('content'), tail]);
    const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
    const file = form.get('file');
    if (!(file instanceof File)) throw new Error('the form has no file');
    expect([file.name, file.type, await file.text()]).toEqual(['Umsätze 🏔️;=.pdf', 'application/pdf', 'content']);
  });

  it('has a different boundary each time', () => {
    const boundaries = Array.from({ length: 50 }, () => multipartFrame('file', 'a', 'text/plain').contentType);
    expect(new Set(boundaries).size).toBe(50);
  });
});
