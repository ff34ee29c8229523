/**
 * Two of S3's checksums, for which Node has no native code. They take eight bytes a step ("slicing-by-8": Kounavis and
 * Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005). Both have the
 * interface of the AWS SDK's checksums; `digest` gives the bytes big-endian, as S3 encodes them.
 */

/** CRC-64/NVME: reflected polynomial 0x9a6c9329ac4bc9b5, initial value and final xor all ones. */
export class Crc64Nvme {
  readonly #tables = tables64();
  #low = -1;
  #high = -1;

  update(chunk: Uint8Array): void {
    const { low, high } = this.#tables;
    let lo = this.#low;
    let hi = this.#high;
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
    this.#low = lo;
    this.#high = hi;
  }

  async digest(): Promise<Uint8Array> {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(~this.#high, 0);
    bytes.writeInt32BE(~this.#low, 4);
    return bytes;
  }

  reset(): void {
    this.#low = -1;
    this.#high = -1;
  }
}

/** CRC-32C (Castagnoli): reflected polynomial 0x82f63b78, initial value and final xor all ones. */
export class Crc32c {
  readonly #table = table32c();
  #sum = -1;

  update(chunk: Uint8Array): void {
    const table = this.#table;
    let sum = this.#sum;
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
    this.#sum = sum;
  }

  async digest(): Promise<Uint8Array> {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(~this.#sum);
    return bytes;
  }

  reset(): void {
    this.#sum = -1;
  }
}

/** The chunk up to its last multiple of eight bytes, as words. Both architectures of Lambda are little-endian. */
const wordsOf = (chunk: Uint8Array): Int32Array => {
  // Chunks from a socket are aligned; others are copied.
  const { buffer, byteOffset } = chunk.byteOffset % 4 === 0 ? chunk : new Uint8Array(chunk);
  return new Int32Array(buffer, byteOffset, 2 * Math.floor(chunk.length / 8));
};
const byte = (chunk: Uint8Array, at: number): number => chunk[at] as number;
const at32 = (table: Int32Array, index: number): number => table[index] as number;

let cached64: { low: Int32Array; high: Int32Array } | undefined;

/** Eight tables of 256 entries each, in two halves because JavaScript's integer operations have 32 bits. Built once. */
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
