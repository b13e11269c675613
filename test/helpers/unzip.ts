import { inflateRawSync } from 'node:zlib'

/**
 * The files of a ZIP archive, by name. Knows what a package holds: no encryption, no ZIP64, stored or deflated.
 * Source: PKWARE APPNOTE.TXT, 4.3.16 (end of central directory), 4.3.12 (central directory), 4.3.7 (local header).
 */
export function unzip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))
  if (end < 0) throw new Error('not a ZIP archive: no end of central directory')
  const files = new Map<string, Buffer>()
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const method = zip.readUInt16LE(at + 10)
    const packedBytes = zip.readUInt32LE(at + 20)
    const nameBytes = zip.readUInt16LE(at + 28)
    const local = zip.readUInt32LE(at + 42)
    const name = zip.toString('utf8', at + 46, at + 46 + nameBytes)
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const packed = zip.subarray(start, start + packedBytes)
    if (method !== 0 && method !== 8) throw new Error(`${name} is packed by method ${method}`)
    const body = method === 0 ? Buffer.from(packed) : inflateRawSync(packed)
    if (body.length !== zip.readUInt32LE(at + 24)) throw new Error(`${name} is cut`)
    files.set(name, body)
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return files
}
