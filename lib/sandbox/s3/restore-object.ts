import { bucketOf, versionHeaders, versionOf } from './context.ts'
import type { Answer, Context } from './context.ts'
import type { Version } from './model.ts'
import { replaceVersion } from './object-lock.ts'
import { receiveDocument } from './payload.ts'
import { S3Error } from './s3-error.ts'
import { child, childText, parseXml } from './xml.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** How long a restore takes, by storage class and tier: the short end of what the User Guide gives, in milliseconds. */
const RESTORE_MS: Record<string, Record<string, number>> = {
  GLACIER: { Expedited: 60_000, Standard: 3 * HOUR_MS, Bulk: 5 * HOUR_MS },
  DEEP_ARCHIVE: { Standard: 12 * HOUR_MS, Bulk: 48 * HOUR_MS },
}

/** S3 User Guide, "Working with archived objects": the copy goes at the first midnight (UTC) after its days are over. */
function expiryOf(from: number, days: number): string {
  return new Date(Math.ceil((from + days * DAY_MS) / DAY_MS) * DAY_MS).toISOString()
}

/** Where a version's restore stands; undefined while nobody has asked for one, and again when the copy is gone. */
function stateOf({ restore }: Version, now: Date): 'under-way' | 'restored' | undefined {
  if (!restore) return undefined
  if (now < new Date(restore.readyAt)) return 'under-way'
  return now < new Date(restore.expiresAt) ? 'restored' : undefined
}

function isArchived({ headers }: Version): boolean {
  return (headers['x-amz-storage-class'] ?? '') in RESTORE_MS
}

/** `x-amz-restore`, as HeadObject and GetObject give it. */
export function restoreHeaders(version: Version, now: Date): Record<string, string> {
  const state = isArchived(version) ? stateOf(version, now) : undefined
  if (state === undefined || !version.restore) return {}
  const expiry = new Date(version.restore.expiresAt).toUTCString()
  return {
    'x-amz-restore':
      state === 'under-way' ? 'ongoing-request="true"' : `ongoing-request="false", expiry-date="${expiry}"`,
  }
}

/** @throws {S3Error} InvalidObjectState where a version must be restored before it can be read */
export function requireReadable(version: Version, now: Date): void {
  if (!isArchived(version) || stateOf(version, now) === 'restored') return
  throw new S3Error('InvalidObjectState', "The operation is not valid for the object's storage class", {
    StorageClass: version.headers['x-amz-storage-class'] ?? '',
  })
}

/** RestoreObject: 202 for a new request; 200 where the copy is there, which then stays for other days from now on. */
export async function restoreObject(context: Context): Promise<Answer> {
  const bucket = bucketOf(context)
  const { now, target } = context
  const root = parseXml(await receiveDocument(context.incoming), 'RestoreRequest')
  const version = versionOf(context, bucket)
  const storageClass = version.headers['x-amz-storage-class'] ?? ''
  const classMs = RESTORE_MS[storageClass]
  if (!classMs)
    throw new S3Error('InvalidObjectState', "Restore is not allowed for the object's current storage class")
  const days = childText(root, 'Days') ?? ''
  if (!/^[1-9]\d{0,4}$/.test(days))
    throw new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    )
  const parameters = child(root, 'GlacierJobParameters')
  const tier = (parameters && childText(parameters, 'Tier')) ?? 'Standard'
  const takesMs = classMs[tier]
  if (takesMs === undefined)
    throw new S3Error(
      'InvalidArgument',
      `Retrieval option is not supported by the storage class ${storageClass}`,
    )
  const state = stateOf(version, now)
  if (state === 'under-way')
    throw new S3Error('RestoreAlreadyInProgress', 'Object restore is already in progress')
  const readyAt = state === 'restored' ? now.getTime() : now.getTime() + takesMs
  const restore = { readyAt: new Date(readyAt).toISOString(), expiresAt: expiryOf(readyAt, Number(days)) }
  replaceVersion(bucket, target.key, version, { ...version, restore })
  return { status: state === 'restored' ? 200 : 202, headers: versionHeaders(bucket, version) }
}
