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
    'a_"b',
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

  it('contains only ASCII, with an encoded and an ASCII form of the name', () => {
    const { head, tail } = multipartFrame('file', 'Umsätze 照片 🏔️.pdf', 'application/pdf');
    expect(`${head.toString('latin1')}${tail.toString('latin1')}`).toMatch(/^[\x20-\x7e\r\n]*$/);
    expect(head.toString('latin1')).toContain(`filename="Ums_tze __ __.pdf"; filename*=UTF-8''Ums%C3%A4tze%20`);
  });

  it('has a different boundary each time', () => {
    const boundaries = Array.from({ length: 50 }, () => multipartFrame('file', 'a', 'text/plain').contentType);
    expect(new Set(boundaries).size).toBe(50);
  });
});
