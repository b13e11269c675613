import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { checksumElement, checksumHeader, CHECKSUM_ALGORITHMS } from './checksums.ts'
import type { Checksum, Upload, UploadedPart } from './model.ts'
import { S3Error } from './s3-error.ts'
import { childText, parseXml } from './xml.ts'

const MIN_PART_BYTES = 5 * 1024 * 1024

/** A part as the completion's document names it. */
export interface ListedPart {
  partNumber: number
  etag: string
  /** by algorithm */
  checksums: Map<string, string>
}

/**
 * Reads the document of a completion.
 * @throws {S3Error} MalformedXML, InvalidPartOrder
 */
export function readPartList(document: string): ListedPart[] {
  const root = parseXml(document, 'CompleteMultipartUpload')
  const listed = root.children
    .filter(({ name }) => name === 'Part')
    .map((part): ListedPart => {
      const checksums = CHECKSUM_ALGORITHMS.flatMap((algorithm): [string, string][] => {
        const value = childText(part, checksumElement(algorithm))
        return value === undefined ? [] : [[algorithm, value]]
      })
      return {
        partNumber: Number(childText(part, 'PartNumber')),
        etag: (childText(part, 'ETag') ?? '').replaceAll('"', ''),
        checksums: new Map(checksums),
      }
    })
  if (listed.length === 0 || listed.some(({ partNumber }) => !Number.isInteger(partNumber)))
    throw new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    )
  if (listed.some(({ partNumber }, index) => index > 0 && partNumber <= (listed[index - 1]?.partNumber ?? 0)))
    throw new S3Error(
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
    )
  return listed
}

/** The ETag of an object made of parts: the MD5 of their MD5s and their number. */
export function multipartEtag(etags: readonly string[]): string {
  const hash = createHash('md5')
  for (const etag of etags) hash.update(Buffer.from(etag, 'hex'))
  return `${hash.digest('hex')}-${etags.length}`
}

/**
 * The uploaded parts that a completion lists, each as it says.
 * @throws {S3Error} InvalidPart, EntityTooSmall; InvalidRequest where a composite upload's part comes without its checksum
 */
export function matchParts(upload: Upload, listed: readonly ListedPart[]): UploadedPart[] {
  const { algorithm, checksumType, uploadId } = upload.config
  const parts = listed.map(({ partNumber, etag, checksums }) => {
    const part = upload.parts.get(partNumber)
    const given = part?.checksum && checksums.get(part.checksum.algorithm)
    if (!part || part.etag !== etag || (given !== undefined && given !== part.checksum?.value))
      throw new S3Error(
        'InvalidPart',
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        { UploadId: uploadId, PartNumber: String(partNumber), ETag: etag },
      )
    return part
  })
  const bare = listed.find(({ checksums }) => algorithm && !checksums.has(algorithm))
  if (checksumType === 'COMPOSITE' && bare)
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a ${(algorithm ?? '').toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${bare.partNumber} in the request.`,
    )
  const small = parts.slice(0, -1).find(({ size }) => size < MIN_PART_BYTES)
  if (small)
    throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      ProposedSize: String(small.size),
      MinSizeAllowed: String(MIN_PART_BYTES),
      PartNumber: String(small.partNumber),
      ETag: small.etag,
    })
  return parts
}

/**
 * Holds the whole to what the completion says of it.
 * @throws {S3Error} BadDigest for another checksum, InvalidRequest for another size
 */
export function checkWhole(headers: IncomingHttpHeaders, size: number, checksum: Checksum | undefined): void {
  const declared = headers['x-amz-mp-object-size']
  if (declared !== undefined && Number(declared) !== size)
    throw new S3Error(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${String(declared)} does not match what was computed: ${size}`,
    )
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const given = headers[checksumHeader(algorithm)]
    if (typeof given !== 'string') continue
    const bare = (value: string): string => value.replace(/-\d+$/, '')
    if (algorithm !== checksum?.algorithm || bare(given) !== bare(checksum.value))
      throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`)
  }
}
