import { saveVersions } from './commit.ts'
import { bucketOf, versionHeaders, versionOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import { checkRetentionChange, readRetention } from './locks.ts'
import type { Bucket, DefaultRetention, Version } from './model.ts'
import { receiveDocument, requireIntegrityHeader } from './payload.ts'
import { S3Error } from './s3-error.ts'
import { saveBucket } from './store.ts'
import { child, childText, element, parseXml, textElement, xmlDocument } from './xml.ts'

function lockBucketOf(context: Context): Bucket {
  const bucket = bucketOf(context)
  if (!bucket.config.objectLock)
    throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration')
  return bucket
}

function noLock(): S3Error {
  return new S3Error(
    'NoSuchObjectLockConfiguration',
    'The specified object does not have a ObjectLock configuration',
  )
}

/** Replaces one version of the key by a changed one; the bodies stay where they are. */
export function replaceVersion(bucket: Bucket, key: string, before: Version, after: Version): void {
  const versions = bucket.records.get(key)?.versions ?? []
  saveVersions(
    bucket,
    key,
    versions.map((one) => (one === before ? after : one)),
  )
}

/** PutObjectRetention; an empty document takes a GOVERNANCE retention away. */
export async function putObjectRetention(context: Context): Promise<Answer> {
  const bucket = lockBucketOf(context)
  const { headers, now, target, fault } = context
  requireIntegrityHeader(headers)
  const root = parseXml(await receiveDocument(context.incoming), 'Retention')
  const version = versionOf(context, bucket)
  const mode = childText(root, 'Mode')
  const until = childText(root, 'RetainUntilDate')
  if ((mode === undefined) !== (until === undefined))
    throw new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    )
  const retention = mode === undefined || until === undefined ? undefined : readRetention(mode, until, now)
  const bypass = String(headers['x-amz-bypass-governance-retention'] ?? '').toLowerCase() === 'true'
  if (fault?.kind !== 'ignore-lock') {
    checkRetentionChange(version.retention, retention, bypass, now)
    const { retention: _before, ...rest } = version
    replaceVersion(bucket, target.key, version, { ...rest, ...(retention ? { retention } : {}) })
  }
  return { status: 200, headers: versionHeaders(bucket, version) }
}

/** GetObjectRetention */
export function getObjectRetention(context: Context): Answer {
  const { retention } = versionOf(context, lockBucketOf(context))
  if (!retention) throw noLock()
  return xmlAnswer(
    xmlDocument(
      'Retention',
      textElement('Mode', retention.mode),
      textElement('RetainUntilDate', retention.until),
    ),
  )
}

/** PutObjectLegalHold */
export async function putObjectLegalHold(context: Context): Promise<Answer> {
  const bucket = lockBucketOf(context)
  requireIntegrityHeader(context.headers)
  const status = childText(parseXml(await receiveDocument(context.incoming), 'LegalHold'), 'Status')
  if (status !== 'ON' && status !== 'OFF')
    throw new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    )
  const version = versionOf(context, bucket)
  if (context.fault?.kind !== 'ignore-lock')
    replaceVersion(bucket, context.target.key, version, { ...version, legalHold: status })
  return { status: 200, headers: versionHeaders(bucket, version) }
}

/** GetObjectLegalHold */
export function getObjectLegalHold(context: Context): Answer {
  const { legalHold } = versionOf(context, lockBucketOf(context))
  if (!legalHold) throw noLock()
  return xmlAnswer(xmlDocument('LegalHold', textElement('Status', legalHold)))
}

/** PutObjectLockConfiguration: the bucket's default rule; it can also switch Object Lock on where versions are kept. */
export async function putObjectLockConfiguration(context: Context): Promise<Answer> {
  const bucket = bucketOf(context)
  requireIntegrityHeader(context.headers)
  const root = parseXml(await receiveDocument(context.incoming), 'ObjectLockConfiguration')
  if (!bucket.config.objectLock && bucket.config.versioning !== 'Enabled')
    throw new S3Error(
      'InvalidBucketState',
      "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    )
  const rule = child(root, 'Rule')
  const asked = rule && child(rule, 'DefaultRetention')
  const { defaultRetention: _before, ...config } = bucket.config
  const read =
    asked &&
    readDefaultRetention(childText(asked, 'Mode'), childText(asked, 'Days'), childText(asked, 'Years'))
  saveBucket(bucket, { ...config, objectLock: true, ...(read ? { defaultRetention: read } : {}) })
  return { status: 200 }
}

function readDefaultRetention(
  mode: string | undefined,
  days: string | undefined,
  years: string | undefined,
): DefaultRetention {
  const period = days ?? years ?? ''
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || (days === undefined) === (years === undefined))
    throw new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    )
  if (!/^[1-9]\d{0,4}$/.test(period))
    throw new S3Error('InvalidArgument', 'Default retention period must be a positive integer value.')
  return days === undefined ? { mode, years: Number(period) } : { mode, days: Number(period) }
}

/** GetObjectLockConfiguration */
export function getObjectLockConfiguration(context: Context): Answer {
  const { config } = bucketOf(context)
  if (!config.objectLock)
    throw new S3Error(
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
    )
  const rule = config.defaultRetention
  return xmlAnswer(
    xmlDocument(
      'ObjectLockConfiguration',
      textElement('ObjectLockEnabled', 'Enabled'),
      rule
        ? element(
            'Rule',
            element(
              'DefaultRetention',
              textElement('Mode', rule.mode),
              textElement('Days', rule.days),
              textElement('Years', rule.years),
            ),
          )
        : '',
    ),
  )
}
