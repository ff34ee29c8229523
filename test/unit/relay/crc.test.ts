import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crc32c, Crc64Nvme } from '../../../lambdas/relay/adapters/s3/crc.ts';

/** Computes a CRC bit by bit, as it is defined: reflected, with an initial value and a final xor of all ones. */
const bitwise = (bytes: Uint8Array, bits: bigint, polynomial: bigint): string => {
  const ones = (1n << bits) - 1n;
  let sum = ones;
  for (const byte of bytes) {
    sum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1n ? (sum >> 1n) ^ polynomial : sum >> 1n;
  }
  return (sum ^ ones).toString(16).padStart(Number(bits / 4n), '0');
};

const digestOf = async (crc: Crc32c | Crc64Nvme, ...chunks: Uint8Array[]): Promise<string> => {
  for (const chunk of chunks) crc.update(chunk);
  return Buffer.from(await crc.digest()).toString('hex');
};

describe.each([
  // https://reveng.sourceforge.io/crc-catalogue/all.htm: CRC-32/ISCSI and CRC-64/NVME, check values of "123456789".
  { Crc: Crc32c, bits: 32n, polynomial: 0x82f63b78n, check: 'e3069283', empty: '00000000' },
  {
    Crc: Crc64Nvme,
    bits: 64n,
    polynomial: 0x9a6c9329ac4bc9b5n,
    check: 'ae8b14860a799888',
    empty: '0000000000000000',
  },
])('$Crc.name', ({ Crc, bits, polynomial, check, empty }) => {
  it('computes the check value of the CRC catalogue', async () => {
    expect(await digestOf(new Crc(), Buffer.from('123456789'))).toBe(check);
    expect(await digestOf(new Crc())).toBe(empty);
    expect(bitwise(Buffer.from('123456789'), bits, polynomial)).toBe(check);
  });

  it('computes the same value as its definition for chunks of any size', async () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 6 }), async (chunks) => {
        expect(await digestOf(new Crc(), ...chunks)).toBe(bitwise(Buffer.concat(chunks), bits, polynomial));
      }),
    );
  });

  it('reads a slice of a larger buffer', async () => {
    const whole = Buffer.from('xx123456789xx');
    expect(await digestOf(new Crc(), whole.subarray(2, 11))).toBe(check);
  });

  it('computes the sums of two instances independently', async () => {
    const [first, second] = [new Crc(), new Crc()];
    first.update(Buffer.from('12345'));
    second.update(Buffer.from('something else entirely'));
    expect(await digestOf(first, Buffer.from('6789'))).toBe(check);
  });

  it('starts again after a reset', async () => {
    const crc = new Crc();
    crc.update(Buffer.from('something else'));
    crc.reset();
    expect(await digestOf(crc, Buffer.from('123456789'))).toBe(check);
  });
});

describe('Crc32c', () => {
  // RFC 3720, appendix B.4.
  it.each([
    ['32 zeros', Buffer.alloc(32), '8a9136aa'],
    ['32 ones', Buffer.alloc(32, 0xff), '62a8ab43'],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), '46dd794e'],
  ])('computes the value of RFC 3720 for %s', async (_, bytes, digest) => {
    expect(await digestOf(new Crc32c(), bytes)).toBe(digest);
  });
});
