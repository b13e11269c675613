import type { RetentionPolicy } from '../archive/retention.ts'
import { judgeSafety, type SafetyFacts } from './bucket-safety.ts'
import { explainUnseen, type Finding, noteFor, type Seen } from './finding.ts'

/** Object Lock of a bucket; `defaultMode` and `defaultDays` where it locks whatever is written. */
export interface LockFacts {
  readonly enabled: boolean
  readonly defaultMode?: string
  readonly defaultDays?: number
}

export interface BucketFacts extends SafetyFacts {
  /** The region, where the store names one; `none` where there is no such bucket. */
  readonly bucket: Seen<{ readonly region: string | undefined }>
  readonly versioning: Seen<string>
  readonly lock: Seen<LockFacts>
  /** Whether keys may be listed; the value is one that exists. */
  readonly list: Seen<string | undefined>
  /** Whether an object that exists may be read; missing where there is none yet. */
  readonly read?: Seen<true>
}

export interface BucketExpectations {
  readonly name: string
  readonly prefix: string
  readonly region: string | undefined
  readonly retention: RetentionPolicy
}

const note = noteFor('bucket')

/** Judges the archive bucket, without having written anything into it. */
export function judgeBucket(facts: BucketFacts, expected: BucketExpectations): Finding[] {
  const existence = judgeExistence(facts, expected)
  const isThere = facts.bucket.kind === 'seen' || facts.bucket.kind === 'denied'
  if (!isThere) return [existence]
  // Who is refused for a wrong key would be refused everything else in the same words.
  if (facts.list.kind === 'failed') return [judgeList(facts, expected.name)]
  return [
    existence,
    judgeList(facts, expected.name),
    ...judgeRead(facts),
    judgeWriting(expected.retention),
    judgeVersioning(facts.versioning, expected),
    ...judgeLock(facts.lock, expected),
    ...judgeSafety(facts, expected),
  ]
}

function judgeExistence({ bucket, list }: BucketFacts, { name, region }: BucketExpectations): Finding {
  const check = 'bucket.exists'
  if (bucket.kind === 'none')
    return note.fail(
      check,
      `there is no bucket ${name}`,
      'there is nowhere to archive to',
      'correct ARCHIVE_BUCKET, or create the bucket by deploying the stack',
    )
  if (bucket.kind === 'failed')
    return note.fail(
      check,
      `S3 does not let itself be asked about ${name}: ${bucket.detail}`,
      'nothing can be archived while the bucket cannot be reached',
      'check AWS credentials, AWS_REGION and AWS_ENDPOINT_URL_S3',
    )
  if (bucket.kind === 'denied')
    return list.kind === 'seen'
      ? note.ok(check, `${name} exists`)
      : note.unknown(
          check,
          `cannot tell whether ${name} is yours: access denied`,
          'S3 says no more to who may not list it; it may also belong to somebody else',
          `run it with credentials that have ${bucket.right}`,
        )
  const actual = bucket.value.region
  if (actual === undefined || region === undefined || actual === region)
    return note.ok(check, `${name} exists${actual === undefined ? '' : ` in ${actual}`}`)
  return note.fail(
    check,
    `${name} is in ${actual}, and AWS_REGION is ${region}`,
    'requests go to the wrong region, and S3 refuses them',
    `set AWS_REGION=${actual}, or name a bucket in ${region}`,
  )
}

function judgeList({ list }: BucketFacts, name: string): Finding {
  const check = 'bucket.list'
  if (list.kind === 'seen' || list.kind === 'none')
    return note.ok(check, 'a free key can be told from a taken one (s3:ListBucket)')
  if (list.kind === 'failed')
    return note.fail(
      check,
      `S3 refuses a listing: ${list.detail}`,
      'the archiver asks S3 in the same way',
      'check AWS credentials and AWS_REGION',
    )
  return note.fail(
    check,
    'these credentials may not list the bucket',
    'without that right S3 answers 403 in place of 404 for a key that is free, and the archiver stops',
    `allow ${list.right} on arn:aws:s3:::${name}`,
  )
}

function judgeRead({ read }: BucketFacts): Finding[] {
  const check = 'bucket.read'
  if (read === undefined) return []
  if (read.kind === 'denied')
    return [
      note.fail(
        check,
        'these credentials may not read an object that is there',
        'the archiver reads back what it has written before it calls it archived',
        `allow ${read.right} on the objects, and kms:Decrypt on the key if they are encrypted with one`,
      ),
    ]
  return [
    explainUnseen(note, check, 'whether objects can be read', read) ?? note.ok(check, 'objects can be read'),
  ]
}

function judgeWriting(retention: RetentionPolicy): Finding {
  const rights = [
    's3:PutObject',
    's3:AbortMultipartUpload',
    ...(retention.mode === 'off' ? [] : ['s3:PutObjectRetention']),
    'kms:GenerateDataKey with a KMS key',
  ]
  return note.unknown(
    'bucket.write',
    `cannot tell whether objects can be written (${rights.join(', ')}): nothing was`,
    'an archive is no place for test objects, and with Object Lock they could not be removed',
    'archive one recording: bird-archive archive RECORDING-ID',
  )
}

function judgeVersioning(versioning: Seen<string>, { name }: BucketExpectations): Finding {
  const check = 'bucket.versioning'
  const unseen = explainUnseen(note, check, 'whether versioning is on', versioning)
  if (unseen !== undefined) return unseen
  if (versioning.kind === 'seen' && versioning.value === 'Enabled') return note.ok(check, 'versioning is on')
  return note.fail(
    check,
    'versioning is off',
    'whoever overwrites or deletes an object destroys the evidence, and Object Lock needs it',
    `aws s3api put-bucket-versioning --bucket ${name} --versioning-configuration Status=Enabled`,
  )
}

/**
 * | Object Lock     | RETENTION_MODE off | set  |
 * | --------------- | ------------------ | ---- |
 * | off             | warn               | fail |
 * | on              | warn               | ok   |
 * | on, by default  | warn               | ok   |
 */
function judgeLock(lock: Seen<LockFacts>, { name, retention }: BucketExpectations): Finding[] {
  const check = 'bucket.lock'
  const unseen = explainUnseen(note, check, 'whether Object Lock is on', lock)
  if (unseen !== undefined) return [unseen]
  if (lock.kind !== 'seen' || !lock.value.enabled)
    return [
      (retention.mode === 'off' ? note.warn : note.fail)(
        check,
        retention.mode === 'off'
          ? 'Object Lock is off'
          : `Object Lock is off, and RETENTION_MODE is ${retention.mode}`,
        retention.mode === 'off'
          ? 'recordings can be deleted by whoever has the right to'
          : 'S3 refuses every write that carries a retention',
        `aws s3api put-object-lock-configuration --bucket ${name} --object-lock-configuration ObjectLockEnabled=Enabled${
          retention.mode === 'off' ? '' : ' (or set RETENTION_MODE=off)'
        }`,
      ),
    ]
  const { defaultMode, defaultDays = 0 } = lock.value
  const own =
    retention.mode === 'off' ? '' : `; recordings are kept for ${retention.days} days (${retention.mode})`
  const on = note.ok(check, `Object Lock is on${own}`)
  if (defaultMode === undefined)
    return retention.mode === 'off'
      ? [
          note.warn(
            check,
            'Object Lock is on, and RETENTION_MODE is off',
            'what is archived with this environment has no lock',
            'set RETENTION_MODE and RETENTION_DAYS as the deployment has them; what is without a lock already gets one by: bird-archive retention extend',
          ),
        ]
      : [on]
  const byDefault = `whatever is written is locked for ${defaultDays} days (${defaultMode}) by the bucket's default`
  if (retention.mode !== 'off') return [on, note.ok('bucket.default-retention', byDefault)]
  return [
    on,
    note.warn(
      'bucket.default-retention',
      `${byDefault}, and RETENTION_MODE is off`,
      'the default applies all the same, from the day of the archiving and not of the call',
      'set RETENTION_MODE and RETENTION_DAYS to what you mean, or remove the default retention',
    ),
  ]
}
