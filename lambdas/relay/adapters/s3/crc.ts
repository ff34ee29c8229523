/**
 * The two checksums of S3 that Node has no native form of, eight bytes at a step ("slicing-by-8": Kounavis and Berry,
 * "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005).
 */
export interface Crc {
  update(chunk: Uint8Array): void;
  /** Big-endian, as S3 encodes it. */
  digest(): Buffer;
}

/** CRC-64/NVME: reflected polynomial 0x9a6c9329ac4bc9b5, initial value and final xor all ones. */
export const createCrc64Nvme = (): Crc => {
  const { low, high } = tables64();
  let lo = -1;
  let hi = -1;
  return {
    update(chunk) {
      const words = wordsOf(chunk);
      for (let at = 0; at < words.length; at += 2) {
        const a = lo ^ at32(words, at);
        const b = hi ^ at32(words, at + 1);
        const i0 = 1792 + (a & 255);
        const i1 = 1536 + ((a >>> 8) & 255);
        const i2 = 1280 + ((a >>> 16) & 255);
        const i3 = 1024 + (a >>> 24);
        const i4 = 768 + (b & 255);
        const i5 = 512 + ((b >>> 8) & 255);
        const i6 = 256 + ((b >>> 16) & 255);
        const i7 = b >>> 24;
        lo =
          at32(low, i0) ^
          at32(low, i1) ^
          at32(low, i2) ^
          at32(low, i3) ^
          at32(low, i4) ^
          at32(low, i5) ^
          at32(low, i6) ^
          at32(low, i7);
        hi =
          at32(high, i0) ^
          at32(high, i1) ^
          at32(high, i2) ^
          at32(high, i3) ^
          at32(high, i4) ^
          at32(high, i5) ^
          at32(high, i6) ^
          at32(high, i7);
      }
      for (let at = words.byteLength; at < chunk.length; at += 1) {
        const index = (lo ^ byte(chunk, at)) & 255;
        lo = ((lo >>> 8) | (hi << 24)) ^ at32(low, index);
        hi = (hi >>> 8) ^ at32(high, index);
      }
    },
    digest() {
      const bytes = Buffer.alloc(8);
      bytes.writeInt32BE(~hi, 0);
      bytes.writeInt32BE(~lo, 4);
      return bytes;
    },
  };
};

/** CRC-32C (Castagnoli): reflected polynomial 0x82f63b78, initial value and final xor all ones. */
export const createCrc32c = (): Crc => {
  const table = table32c();
  let sum = -1;
  return {
    update(chunk) {
      const words = wordsOf(chunk);
      for (let at = 0; at < words.length; at += 2) {
        const a = sum ^ at32(words, at);
        const b = at32(words, at + 1);
        sum =
          at32(table, 1792 + (a & 255)) ^
          at32(table, 1536 + ((a >>> 8) & 255)) ^
          at32(table, 1280 + ((a >>> 16) & 255)) ^
          at32(table, 1024 + (a >>> 24)) ^
          at32(table, 768 + (b & 255)) ^
          at32(table, 512 + ((b >>> 8) & 255)) ^
          at32(table, 256 + ((b >>> 16) & 255)) ^
          at32(table, b >>> 24);
      }
      for (let at = words.byteLength; at < chunk.length; at += 1)
        sum = (sum >>> 8) ^ at32(table, (sum ^ byte(chunk, at)) & 255);
    },
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(~sum);
      return bytes;
    },
  };
};

/** The chunk up to its last multiple of eight bytes, in words of this machine, which is little-endian as both of Lambda's are. */
const wordsOf = (chunk: Uint8Array): Int32Array => {
  // What comes from a socket is aligned; anything else is copied.
  const { buffer, byteOffset } = chunk.byteOffset % 4 === 0 ? chunk : new Uint8Array(chunk);
  return new Int32Array(buffer, byteOffset, 2 * Math.floor(chunk.length / 8));
};
const byte = (chunk: Uint8Array, at: number): number => chunk[at] as number;
const at32 = (table: Int32Array, index: number): number => table[index] as number;

let cached64: { low: Int32Array; high: Int32Array } | undefined;

/** Eight tables of 256 entries in a row, halves apart: JavaScript's integers have 32 bits. Built when first needed. */
const tables64 = (): { low: Int32Array; high: Int32Array } => {
  if (cached64 !== undefined) return cached64;
  const low = new Int32Array(2048);
  const high = new Int32Array(2048);
  for (let index = 0; index < 256; index += 1) {
    let lo = index;
    let hi = 0;
    for (let bit = 0; bit < 8; bit += 1) {
      const isOdd = lo & 1;
      lo = (lo >>> 1) | (hi << 31);
      hi >>>= 1;
      if (isOdd) {
        lo ^= 0xac4bc9b5;
        hi ^= 0x9a6c9329;
      }
    }
    low[index] = lo;
    high[index] = hi;
  }
  for (let index = 256; index < 2048; index += 1) {
    const lo = at32(low, index - 256);
    const hi = at32(high, index - 256);
    low[index] = ((lo >>> 8) | (hi << 24)) ^ at32(low, lo & 255);
    high[index] = (hi >>> 8) ^ at32(high, lo & 255);
  }
  cached64 = { low, high };
  return cached64;
};

let cached32: Int32Array | undefined;

const table32c = (): Int32Array => {
  if (cached32 !== undefined) return cached32;
  const table = new Int32Array(2048);
  for (let index = 0; index < 256; index += 1) {
    let sum = index;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f63b78 : 0);
    table[index] = sum;
  }
  for (let index = 256; index < 2048; index += 1) {
    const sum = at32(table, index - 256);
    table[index] = (sum >>> 8) ^ at32(table, sum & 255);
  }
  cached32 = table;
  return table;
};
