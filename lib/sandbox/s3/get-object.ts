import { closeSync } from 'node:fs'
import { checksumHeaders } from './checksums.ts'
import { openBody } from './commit.ts'
import { checkReadConditions, rangeStillHolds } from './conditions.ts'
import { bucketOf, versionHeaders, versionOf } from './context.ts'
import type { Answer, Context } from './context.ts'
import type { Bucket, Version } from './model.ts'
import { versionProperties } from './properties.ts'
import { parseRange } from './range.ts'
import type { ByteRange } from './range.ts'
import { requireReadable, restoreHeaders } from './restore-object.ts'
import { S3Error } from './s3-error.ts'

const OVERRIDES = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
]

function overrides(query: Map<string, string>): Record<string, string> {
  return Object.fromEntries(
    OVERRIDES.flatMap((name) => {
      const value = query.get(`response-${name}`)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function wantedRange({ headers, target, fault }: Context, version: Version): ByteRange | undefined {
  if (target.query.has('partNumber'))
    throw new S3Error('NotImplemented', 'Reading an object by part number is not implemented.')
  if (fault?.kind === 'body' && fault.ignoreRange) return undefined
  const ifRange = headers['if-range']
  if (!rangeStillHolds(typeof ifRange === 'string' ? ifRange : undefined, version)) return undefined
  return parseRange(headers.range, version.size)
}

/** Status and headers of a read. Checksums are given when asked for, and only for the whole: they say nothing of a part. */
function describe(context: Context, bucket: Bucket, version: Version): { answer: Answer; range: ByteRange } {
  const { headers, target, fault, now } = context
  checkReadConditions(headers, version)
  const partial = wantedRange(context, version)
  const range = partial ?? { start: 0, end: version.size }
  const asked = String(headers['x-amz-checksum-mode'] ?? '').toUpperCase() === 'ENABLED'
  const checksum = asked && !partial && fault?.kind !== 'no-checksum' ? version.checksum : undefined
  return {
    range,
    answer: {
      status: partial ? 206 : 200,
      headers: {
        ...versionProperties(version),
        ...restoreHeaders(version, now),
        ...checksumHeaders(checksum),
        ...versionHeaders(bucket, version),
        ...overrides(target.query),
        'content-length': String(range.end - range.start),
        ...(partial ? { 'content-range': `bytes ${range.start}-${range.end - 1}/${version.size}` } : {}),
      },
    },
  }
}

/** GetObject */
export function getObject(context: Context): Answer {
  const bucket = bucketOf(context)
  const version = versionOf(context, bucket)
  requireReadable(version, context.now)
  const { answer, range } = describe(context, bucket, version)
  return { ...answer, body: { fd: openBody(bucket, context.target.key, version), ...range } }
}

/** HeadObject; opens the file too, so that one taken away by hand is not announced. */
export function headObject(context: Context): Answer {
  const bucket = bucketOf(context)
  const version = versionOf(context, bucket)
  const { answer } = describe(context, bucket, version)
  closeSync(openBody(bucket, context.target.key, version))
  return answer
}
