import { crc32, inflateRawSync } from 'node:zlib'

/**
 * The files of a ZIP archive, by name; each has the size and the CRC-32 that the archive says. Knows what ours hold: no
 * encryption, stored or deflated, ZIP64 or not. Source: PKWARE APPNOTE.TXT, 4.3.16 and 4.3.14 (end of central directory),
 * 4.3.12 (central directory), 4.3.7 (local header), 4.5.3 (ZIP64 extra field).
 */
export function unzip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))
  if (end < 0) throw new Error('not a ZIP archive: no end of central directory')
  const files = new Map<string, Buffer>()
  let { at, left } = findDirectory(zip, end)
  for (; left > 0; left--) {
    if (zip.readUInt32LE(at) !== 0x02014b50) throw new Error('no entry of the central directory')
    const method = zip.readUInt16LE(at + 10)
    const nameBytes = zip.readUInt16LE(at + 28)
    const extra = zip.subarray(at + 46 + nameBytes, at + 46 + nameBytes + zip.readUInt16LE(at + 30))
    const [bytes, packedBytes, local] = readSizes(zip, at, extra)
    const name = zip.toString('utf8', at + 46, at + 46 + nameBytes)
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const packed = zip.subarray(start, start + packedBytes)
    if (method !== 0 && method !== 8) throw new Error(`${name} is packed by method ${method}`)
    const body = method === 0 ? Buffer.from(packed) : inflateRawSync(packed)
    if (body.length !== bytes) throw new Error(`${name} is cut`)
    if (crc32(body) !== zip.readUInt32LE(at + 16)) throw new Error(`${name} is broken`)
    files.set(name, body)
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return files
}

/** Whether an archive is written as for what is larger than 4 GiB. */
export function isZip64(zip: Buffer): boolean {
  return zip.includes(Buffer.from('PK\u0006\u0006', 'latin1'), zip.length - 200)
}

function findDirectory(zip: Buffer, end: number): { at: number; left: number } {
  const locator = end - 20
  if (locator < 0 || zip.readUInt32LE(locator) !== 0x07064b50)
    return { at: zip.readUInt32LE(end + 16), left: zip.readUInt16LE(end + 10) }
  const large = Number(zip.readBigUInt64LE(locator + 8))
  return { at: Number(zip.readBigUInt64LE(large + 48)), left: Number(zip.readBigUInt64LE(large + 32)) }
}

/** Size, packed size and place of the local header: what is all ones in the entry stands in its ZIP64 field, in this order. */
function readSizes(zip: Buffer, at: number, extra: Buffer): [number, number, number] {
  let field = 0
  while (field < extra.length && extra.readUInt16LE(field) !== 1) field += 4 + extra.readUInt16LE(field + 2)
  let next = field + 4
  const read = (small: number): number => {
    if (small !== 0xffffffff) return small
    next += 8
    return Number(extra.readBigUInt64LE(next - 8))
  }
  return [read(zip.readUInt32LE(at + 24)), read(zip.readUInt32LE(at + 20)), read(zip.readUInt32LE(at + 42))]
}
