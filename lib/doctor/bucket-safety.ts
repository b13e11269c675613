import { explainUnseen, type Finding, noteFor, type Seen } from './finding.ts'
import { type LifecycleRule, judgeLifecycle } from './lifecycle.ts'
import { readPolicy } from './tls-policy.ts'

export interface SafetyFacts {
  /** `AES256`, `aws:kms`, `aws:kms:dsse`. */
  readonly encryption: Seen<string>
  /** The policy's JSON. */
  readonly policy: Seen<string>
  /** Which of the four blocks are off. */
  readonly openBlocks: Seen<readonly string[]>
  readonly lifecycle: Seen<readonly LifecycleRule[]>
  /** `BucketOwnerEnforced`, … */
  readonly ownership: Seen<string>
}

const note = noteFor('bucket')

/** Judges how a bucket is protected and kept tidy. */
export function judgeSafety(
  facts: SafetyFacts,
  { name, prefix }: { readonly name: string; readonly prefix: string },
): Finding[] {
  return [
    judgeEncryption(facts.encryption, name),
    ...judgePolicy(facts.policy, name),
    judgeBlocks(facts.openBlocks, name),
    judgeOwnership(facts.ownership, name),
    ...judgeLifecycle(facts.lifecycle, name, prefix),
  ]
}

function judgeEncryption(encryption: Seen<string>, name: string): Finding {
  const check = 'bucket.encryption'
  const unseen = explainUnseen(note, check, 'how objects are encrypted', encryption)
  if (unseen !== undefined) return unseen
  if (encryption.kind === 'seen')
    return note.ok(check, `objects are encrypted by default (${encryption.value})`)
  return note.warn(
    check,
    'the bucket names no default encryption',
    'recordings of calls are personal data (AWS encrypts all the same; other stores may not)',
    `aws s3api put-bucket-encryption --bucket ${name} --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"},"BucketKeyEnabled":true}]}'`,
  )
}

function judgePolicy(policy: Seen<string>, name: string): Finding[] {
  const check = 'bucket.tls-only'
  const unseen = explainUnseen(note, check, 'what the bucket policy says', policy)
  if (unseen !== undefined) return [unseen]
  const read = policy.kind === 'seen' ? readPolicy(policy.value, name) : undefined
  const findings =
    read?.tlsOnly === true
      ? [note.ok(check, 'plain http is refused by the bucket policy')]
      : [
          note.warn(
            check,
            'no bucket policy refuses plain http',
            'a client that is set up badly would send recordings in the clear',
            `add to the policy: {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::${name}","arn:aws:s3:::${name}/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`,
          ),
        ]
  if (read?.openToAll === true)
    findings.push(
      note.fail(
        'bucket.public-policy',
        'the bucket policy allows something to everybody, on no condition',
        'recordings of calls would be open to the world',
        `look at it: aws s3api get-bucket-policy --bucket ${name}; then name principals in place of "*"`,
      ),
    )
  return findings
}

function judgeBlocks(openBlocks: Seen<readonly string[]>, name: string): Finding {
  const check = 'bucket.public-access'
  const unseen = explainUnseen(note, check, 'whether public access is blocked', openBlocks)
  if (unseen !== undefined) return unseen
  const mend = `aws s3api put-public-access-block --bucket ${name} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`
  const why = "one wrong policy would open every recording (the account's own block may still prevent it)"
  if (openBlocks.kind !== 'seen') return note.warn(check, 'the bucket has no public access block', why, mend)
  if (openBlocks.value.length > 0)
    return note.warn(
      check,
      `public access is not wholly blocked: ${openBlocks.value.join(', ')} off`,
      why,
      mend,
    )
  return note.ok(check, 'public access is blocked')
}

function judgeOwnership(ownership: Seen<string>, name: string): Finding {
  const check = 'bucket.ownership'
  const unseen = explainUnseen(note, check, 'who owns what others write', ownership)
  if (unseen !== undefined) return unseen
  if (ownership.kind === 'seen' && ownership.value === 'BucketOwnerEnforced')
    return note.ok(check, 'the bucket owner owns every object; ACLs are off')
  return note.warn(
    check,
    'ACLs are not switched off',
    'an object that another account writes could belong to that account',
    `aws s3api put-bucket-ownership-controls --bucket ${name} --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'`,
  )
}
