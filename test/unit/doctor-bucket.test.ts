import { expect, test } from 'vitest'
import { type BucketFacts, judgeBucket } from '../../lib/doctor/bucket.ts'
import type { LifecycleRule } from '../../lib/doctor/lifecycle.ts'
import type { Level, Seen } from '../../lib/doctor/finding.ts'
import { readPolicy } from '../../lib/doctor/tls-policy.ts'

const seen = <T>(value: T): Seen<T> => ({ kind: 'seen', value })
const none = { kind: 'none' } as const
const denied = { kind: 'denied', right: 's3:Something' } as const
const tlsOnly = {
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: ['arn:aws:s3:::archive', 'arn:aws:s3:::archive/*'],
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
}
const policyOf = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement })
const rule: LifecycleRule = { id: 'r', prefix: '', partial: false, abortsUploads: true, expires: false }
const good: BucketFacts = {
  bucket: seen({ region: 'eu-west-1' }),
  versioning: seen('Enabled'),
  lock: seen({ enabled: true }),
  list: seen(undefined),
  encryption: seen('aws:kms'),
  policy: seen(policyOf(tlsOnly)),
  openBlocks: seen([]),
  lifecycle: seen([rule]),
  ownership: seen('BucketOwnerEnforced'),
}
const locked = { mode: 'COMPLIANCE', days: 10 } as const

function levelsOf(
  facts: Partial<BucketFacts>,
  expected: Partial<Parameters<typeof judgeBucket>[1]> = {},
): Record<string, Level> {
  const findings = judgeBucket(
    { ...good, ...facts },
    { name: 'archive', prefix: 'calls/', region: 'eu-west-1', retention: locked, ...expected },
  )
  return Object.fromEntries(findings.map(({ check, level }) => [check, level]))
}

test('a bucket that is as it should be leaves open only what would have to be written', () => {
  const { 'bucket.write': write, ...others } = levelsOf({ read: seen(true) })
  expect(write).toBe('unknown')
  expect(new Set(Object.values(others))).toEqual(new Set(['ok']))
  expect(Object.keys(others)).toHaveLength(10)
})

test.each<[string, Partial<BucketFacts>, string, Level]>([
  ['no versioning', { versioning: seen('Suspended') }, 'bucket.versioning', 'fail'],
  ['no lock', { lock: none }, 'bucket.lock', 'fail'],
  ['a lock that is not enabled', { lock: seen({ enabled: false }) }, 'bucket.lock', 'fail'],
  ['no right to list', { list: denied }, 'bucket.list', 'fail'],
  ['no right to read', { read: denied }, 'bucket.read', 'fail'],
  ['no encryption', { encryption: none }, 'bucket.encryption', 'warn'],
  ['no policy', { policy: none }, 'bucket.tls-only', 'warn'],
  ['a block that is off', { openBlocks: seen(['BlockPublicAcls']) }, 'bucket.public-access', 'warn'],
  ['no blocks', { openBlocks: none }, 'bucket.public-access', 'warn'],
  ['ACLs', { ownership: seen('ObjectWriter') }, 'bucket.ownership', 'warn'],
  ['no lifecycle', { lifecycle: none }, 'bucket.lifecycle', 'warn'],
  ['a rule for tags only', { lifecycle: seen([{ ...rule, partial: true }]) }, 'bucket.lifecycle', 'warn'],
  ['a rule for other keys', { lifecycle: seen([{ ...rule, prefix: 'logs/' }]) }, 'bucket.lifecycle', 'warn'],
  [
    'a rule that deletes a part of ours',
    { lifecycle: seen([{ ...rule, prefix: 'calls/old/', expires: true }]) },
    'bucket.expiration',
    'warn',
  ],
  ['a bucket elsewhere', { bucket: seen({ region: 'us-east-1' }) }, 'bucket.exists', 'fail'],
  ['an inspection that is refused', { versioning: denied }, 'bucket.versioning', 'unknown'],
  ['an inspection that failed', { lock: { kind: 'failed', detail: '501' } }, 'bucket.lock', 'unknown'],
])('%s', (_what, facts, check, level) => {
  expect(levelsOf(facts)[check]).toBe(level)
})

test('a rule that deletes what is not ours is left alone', () => {
  const rules = [rule, { ...rule, prefix: 'logs/', expires: true }]
  expect(levelsOf({ lifecycle: seen(rules) })).not.toHaveProperty('bucket.expiration')
})

test("a rule that forgets the sweeps' replaced documents is left alone, one for their proofs is not", () => {
  const forget = (kind: string) => ({ ...rule, prefix: `calls/backfill/${kind}/`, expires: true })
  const replaced = [rule, forget('windows'), forget('marks')]
  expect(levelsOf({ lifecycle: seen(replaced) })).not.toHaveProperty('bucket.expiration')
  const proofs = [rule, forget('attestations')]
  expect(levelsOf({ lifecycle: seen(proofs) })['bucket.expiration']).toBe('warn')
})

test('without a retention of its own, the lock is judged by what the bucket does by default', () => {
  const off = { retention: { mode: 'off' } } as const
  expect(levelsOf({ lock: none }, off)['bucket.lock']).toBe('warn')
  expect(levelsOf({}, off)['bucket.lock']).toBe('warn')
  const byDefault = seen({ enabled: true, defaultMode: 'COMPLIANCE', defaultDays: 30 })
  expect(levelsOf({ lock: byDefault }, off)['bucket.default-retention']).toBe('warn')
  expect(levelsOf({ lock: byDefault })['bucket.default-retention']).toBe('ok')
})

test('where there is no bucket, or no way to it, nothing else is said', () => {
  expect(levelsOf({ bucket: none })).toEqual({ 'bucket.exists': 'fail' })
  expect(levelsOf({ bucket: { kind: 'failed', detail: 'no credentials' } })).toEqual({
    'bucket.exists': 'fail',
  })
  expect(levelsOf({ bucket: denied, list: { kind: 'failed', detail: 'SignatureDoesNotMatch' } })).toEqual({
    'bucket.list': 'fail',
  })
  expect(levelsOf({ bucket: denied, list: denied })['bucket.exists']).toBe('unknown')
})

test.each<[string, object | string, boolean]>([
  ['the usual statement', tlsOnly, true],
  ['one pattern for bucket and objects', { ...tlsOnly, Resource: 'arn:aws-cn:s3:::archive*' }, true],
  ['everybody of AWS', { ...tlsOnly, Principal: { AWS: '*' } }, true],
  ['a boolean', { ...tlsOnly, Condition: { Bool: { 'AWS:SecureTransport': false } } }, true],
  ['objects only', { ...tlsOnly, Resource: 'arn:aws:s3:::archive/*' }, false],
  ['another bucket', { ...tlsOnly, Resource: ['arn:aws:s3:::other', 'arn:aws:s3:::other/*'] }, false],
  ['an Allow', { ...tlsOnly, Effect: 'Allow' }, false],
  ['one principal', { ...tlsOnly, Principal: { AWS: 'arn:aws:iam::1:root' } }, false],
  ['reading only', { ...tlsOnly, Action: 's3:GetObject' }, false],
  ['TLS refused', { ...tlsOnly, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }, false],
  [
    'a second condition',
    { ...tlsOnly, Condition: { ...tlsOnly.Condition, StringEquals: { 'aws:PrincipalArn': 'x' } } },
    false,
  ],
])('a policy is TLS-only or not: %s', (_what, statement, expected) => {
  expect(readPolicy(policyOf(statement as object), 'archive')?.tlsOnly).toBe(expected)
})

test('a policy that lets everybody in fails, and text that is no policy is not TLS-only', () => {
  const open = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' }
  expect(levelsOf({ policy: seen(policyOf(tlsOnly, open)) })['bucket.public-policy']).toBe('fail')
  const conditional = { ...open, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }
  expect(levelsOf({ policy: seen(policyOf(tlsOnly, conditional)) })).not.toHaveProperty(
    'bucket.public-policy',
  )
  expect(levelsOf({ policy: seen('not JSON') })['bucket.tls-only']).toBe('warn')
  expect(levelsOf({ policy: seen('null') })['bucket.tls-only']).toBe('warn')
})
