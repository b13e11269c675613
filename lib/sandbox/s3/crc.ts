/** A running CRC over bytes; `digest` gives it big-endian, as S3 writes it before base64. */
export interface RunningCrc {
  update(bytes: Uint8Array): void
  digest(): Buffer
}

/** Eight tables of 256 entries each, low and high 32 bits apart ("slicing by 8"). */
interface Tables {
  low: Uint32Array
  high: Uint32Array
}

function makeTables(polynomialLow: number, polynomialHigh: number): Tables {
  const low = new Uint32Array(2048)
  const high = new Uint32Array(2048)
  for (let byte = 0; byte < 256; byte++) {
    let lo = byte
    let hi = 0
    for (let bit = 0; bit < 8; bit++) {
      const odd = lo & 1
      lo = (lo >>> 1) | ((hi & 1) << 31)
      hi >>>= 1
      if (odd) {
        lo ^= polynomialLow
        hi ^= polynomialHigh
      }
    }
    low[byte] = lo
    high[byte] = hi
  }
  for (let index = 256; index < 2048; index++) {
    const lo = low[index - 256] ?? 0
    const hi = high[index - 256] ?? 0
    low[index] = ((lo >>> 8) | (hi << 24)) ^ (low[lo & 255] ?? 0)
    high[index] = (hi >>> 8) ^ (high[lo & 255] ?? 0)
  }
  return { low, high }
}

const lookUp = (table: Uint32Array | Uint8Array, index: number): number => table[index] ?? 0

function advance({ low, high }: Tables, state: { low: number; high: number }, bytes: Uint8Array): void {
  let { low: lo, high: hi } = state
  let at = 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const last = bytes.length - 8; at <= last; at += 8) {
    const a = lo ^ view.getInt32(at, true)
    const b = hi ^ view.getInt32(at + 4, true)
    const i7 = 1792 + (a & 255)
    const i6 = 1536 + ((a >>> 8) & 255)
    const i5 = 1280 + ((a >>> 16) & 255)
    const i4 = 1024 + (a >>> 24)
    const i3 = 768 + (b & 255)
    const i2 = 512 + ((b >>> 8) & 255)
    const i1 = 256 + ((b >>> 16) & 255)
    const i0 = b >>> 24
    lo =
      lookUp(low, i7) ^
      lookUp(low, i6) ^
      lookUp(low, i5) ^
      lookUp(low, i4) ^
      lookUp(low, i3) ^
      lookUp(low, i2) ^
      lookUp(low, i1) ^
      lookUp(low, i0)
    hi =
      lookUp(high, i7) ^
      lookUp(high, i6) ^
      lookUp(high, i5) ^
      lookUp(high, i4) ^
      lookUp(high, i3) ^
      lookUp(high, i2) ^
      lookUp(high, i1) ^
      lookUp(high, i0)
  }
  for (; at < bytes.length; at++) {
    const index = (lo ^ lookUp(bytes, at)) & 255
    lo = ((lo >>> 8) | (hi << 24)) ^ lookUp(low, index)
    hi = (hi >>> 8) ^ lookUp(high, index)
  }
  state.low = lo
  state.high = hi
}

// Reflected polynomials. A 32-bit CRC fits the 64-bit register: its upper half simply stays 0.
const crc32cTables = makeTables(0x82f63b78, 0)
const crc64NvmeTables = makeTables(0xac4bc9b5, 0x9a6c9329)

/** CRC-32C (Castagnoli; RFC 3720, appendix B.4). */
export function createCrc32c(): RunningCrc {
  const state = { low: ~0, high: 0 }
  return {
    update: (bytes) => advance(crc32cTables, state, bytes),
    digest() {
      const digest = Buffer.alloc(4)
      digest.writeInt32BE(~state.low)
      return digest
    },
  }
}

/** CRC-64/NVME (NVM Express NVM Command Set Specification, 64-bit guard). */
export function createCrc64Nvme(): RunningCrc {
  const state = { low: ~0, high: ~0 }
  return {
    update: (bytes) => advance(crc64NvmeTables, state, bytes),
    digest() {
      const digest = Buffer.alloc(8)
      digest.writeInt32BE(~state.high, 0)
      digest.writeInt32BE(~state.low, 4)
      return digest
    },
  }
}
