import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Crc, createCrc32c, createCrc64Nvme } from '../../../lambdas/relay/adapters/s3/crc.ts';

/** The definition, bit by bit: reflected, all ones in, all ones out. */
const bitwise = (bytes: Uint8Array, bits: bigint, polynomial: bigint): string => {
  const ones = (1n << bits) - 1n;
  let sum = ones;
  for (const byte of bytes) {
    sum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1n ? (sum >> 1n) ^ polynomial : sum >> 1n;
  }
  return (sum ^ ones).toString(16).padStart(Number(bits / 4n), '0');
};

const digestOf = (crc: Crc, ...chunks: Uint8Array[]): string => {
  for (const chunk of chunks) crc.update(chunk);
  return crc.digest().toString('hex');
};

describe.each([
  // https://reveng.sourceforge.io/crc-catalogue/all.htm: CRC-32/ISCSI and CRC-64/NVME, check values of "123456789".
  { name: 'CRC-32C', create: createCrc32c, bits: 32n, polynomial: 0x82f63b78n, check: 'e3069283', empty: '00000000' },
  {
    name: 'CRC-64/NVME',
    create: createCrc64Nvme,
    bits: 64n,
    polynomial: 0x9a6c9329ac4bc9b5n,
    check: 'ae8b14860a799888',
    empty: '0000000000000000',
  },
])('$name', ({ create, bits, polynomial, check, empty }) => {
  it('agrees with the catalogue', () => {
    expect(digestOf(create(), Buffer.from('123456789'))).toBe(check);
    expect(digestOf(create())).toBe(empty);
    expect(bitwise(Buffer.from('123456789'), bits, polynomial)).toBe(check);
  });

  it('agrees with its definition, however the bytes are cut', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), (chunks) => {
        expect(digestOf(create(), ...chunks)).toBe(bitwise(Buffer.concat(chunks), bits, polynomial));
      }),
    );
  });

  it('reads a slice of a larger buffer', () => {
    const whole = Buffer.from('xx123456789xx');
    expect(digestOf(create(), whole.subarray(2, 11))).toBe(check);
  });

  it('keeps two sums apart', () => {
    const [first, second] = [create(), create()];
    first.update(Buffer.from('12345'));
    second.update(Buffer.from('something else entirely'));
    expect(digestOf(first, Buffer.from('6789'))).toBe(check);
  });
});

describe('known vectors of CRC-32C', () => {
  // RFC 3720, appendix B.4.
  it.each([
    ['32 zeros', Buffer.alloc(32), '8a9136aa'],
    ['32 ones', Buffer.alloc(32, 0xff), '62a8ab43'],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), '46dd794e'],
  ])('%s', (_, bytes, digest) => {
    expect(digestOf(createCrc32c(), bytes)).toBe(digest);
  });
});
