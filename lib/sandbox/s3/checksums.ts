import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { IncomingHttpHeaders } from 'node:http'
import { createCrc32c, createCrc64Nvme } from './crc.ts'
import type { RunningCrc } from './crc.ts'
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './model.ts'
import { S3Error } from './s3-error.ts'

/** Bytes of each algorithm's digest. */
const DIGEST_BYTES: Record<ChecksumAlgorithm, number> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
}

export const CHECKSUM_ALGORITHMS: readonly ChecksumAlgorithm[] = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'SHA1',
  'SHA256',
]

/** The checksum that a request announces: its value follows in a trailer when `expected` is missing. */
export interface AnnouncedChecksum {
  algorithm: ChecksumAlgorithm
  expected?: string
}

/** `x-amz-checksum-sha256` and its like. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`
}

/** `ChecksumSHA256` and its like, the element's name in XML. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`
}

/**
 * Reads an algorithm's name as requests write it.
 * @throws {S3Error} InvalidRequest for one that we don't know
 */
export function readAlgorithm(name: string): ChecksumAlgorithm {
  const known = CHECKSUM_ALGORITHMS.find((one) => one === name.toUpperCase())
  if (!known) throw new S3Error('InvalidRequest', 'Checksum algorithm provided is unsupported.')
  return known
}

/** A running checksum; the digest is raw bytes, big-endian for CRCs. */
export function createChecksum(algorithm: ChecksumAlgorithm): RunningCrc {
  switch (algorithm) {
    case 'CRC32': {
      let value = 0
      return {
        update(bytes) {
          value = crc32(bytes, value)
        },
        digest() {
          const digest = Buffer.alloc(4)
          digest.writeUInt32BE(value)
          return digest
        },
      }
    }
    case 'CRC32C':
      return createCrc32c()
    case 'CRC64NVME':
      return createCrc64Nvme()
    case 'SHA1':
    case 'SHA256': {
      const hash = createHash(algorithm)
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
    }
  }
}

/** The checksum of parts' checksums, as S3 writes composite ones. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly Checksum[]): Checksum {
  const whole = createChecksum(algorithm)
  for (const { value } of parts) whole.update(Buffer.from(value, 'base64'))
  return { algorithm, type: 'COMPOSITE', value: `${whole.digest().toString('base64')}-${parts.length}` }
}

/** Which type an upload gets that names none (User Guide, "Full object and composite checksum types"). */
export function checksumTypeOf(algorithm: ChecksumAlgorithm, asked: string | undefined): ChecksumType {
  const type = asked ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE')
  const fits =
    type === 'COMPOSITE' ? algorithm !== 'CRC64NVME' : type === 'FULL_OBJECT' && !algorithm.startsWith('SHA')
  if (!fits)
    throw new S3Error(
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    )
  return type === 'COMPOSITE' ? 'COMPOSITE' : 'FULL_OBJECT'
}

/**
 * The checksum that a request carries as a header or announces as a trailer.
 * @throws {S3Error} InvalidRequest: several at once, a malformed value, or an algorithm named without a value
 */
export function announcedChecksum(headers: IncomingHttpHeaders): AnnouncedChecksum | undefined {
  const trailers = String(headers['x-amz-trailer'] ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
  const found = CHECKSUM_ALGORITHMS.flatMap((algorithm): AnnouncedChecksum[] => {
    const value = headers[checksumHeader(algorithm)]
    if (typeof value === 'string') return [{ algorithm, expected: value }]
    return trailers.includes(checksumHeader(algorithm)) ? [{ algorithm }] : []
  })
  const [first, second] = found
  if (second)
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    )
  if (first?.expected !== undefined) checkForm(first.algorithm, first.expected)
  if (!first && headers['x-amz-sdk-checksum-algorithm'] !== undefined)
    throw new S3Error(
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  return first
}

/** @throws {S3Error} InvalidRequest when the value cannot be a digest of this algorithm */
export function checkForm(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length !== DIGEST_BYTES[algorithm] || bytes.toString('base64') !== value)
    throw new S3Error('InvalidRequest', `Value for ${checksumHeader(algorithm)} header is invalid.`)
}

/** What an answer says of a stored checksum, as headers. */
export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (!checksum) return {}
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type }
}
