import type { Template } from './package.ts'
import { at, list, policyDenies, same, TLS } from './tree.ts'

const BUCKET = 'Resources.ArchiveBucket.Properties'
const EVIDENCE = ['recordings', 'access', 'backfill/attestations', 'backfill/dropped', 'catalog']

/** The statement of the bucket's policy of this name refuses everybody an action below all these names. */
const refuses = (template: Template, sid: string, action: string, names: readonly string[]): boolean =>
  list(at(template, 'Resources.ArchiveBucketPolicy.Properties.PolicyDocument.Statement')).some(
    (statement) =>
      at(statement, 'Sid') === sid &&
      at(statement, 'Effect') === 'Deny' &&
      at(statement, 'Principal') === '*' &&
      at(statement, 'Action') === action &&
      same(
        at(statement, 'Resource'),
        names.map((name) => ({ 'Fn::Sub': ['${ArchiveBucket.Arn}', name, '*'].join('/') })),
      ),
  )

/** What must hold of the packaged template where it concerns the bucket, each a sentence. */
export const BUCKET_CLAIMS: Readonly<Record<string, (template: Template) => boolean>> = {
  'Object Lock and versioning are on': (t) =>
    at(t, `${BUCKET}.ObjectLockEnabled`) === true &&
    at(t, `${BUCKET}.VersioningConfiguration.Status`) === 'Enabled',
  'the bucket encrypts with a KMS key': (t) => {
    const rule = at(
      t,
      `${BUCKET}.BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault`,
    )
    return at(rule, 'SSEAlgorithm') === 'aws:kms' && at(rule, 'KMSMasterKeyID') !== undefined
  },
  'nothing in the bucket can be public, and the owner owns everything': (t) =>
    ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].every(
      (name) => at(t, `${BUCKET}.PublicAccessBlockConfiguration.${name}`) === true,
    ) && at(t, `${BUCKET}.OwnershipControls.Rules.0.ObjectOwnership`) === 'BucketOwnerEnforced',
  'the bucket refuses what is not TLS': (t) => policyDenies(t, 'ArchiveBucketPolicy', TLS),
  'the bucket refuses encryption of another kind': (t) =>
    policyDenies(t, 'ArchiveBucketPolicy', {
      StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption': 'aws:kms' },
      Null: { 's3:x-amz-server-side-encryption': 'false' },
    }),
  'the bucket refuses encryption with another key': (t) =>
    policyDenies(t, 'ArchiveBucketPolicy', {
      ArnNotEqualsIfExists: {
        's3:x-amz-server-side-encryption-aws-kms-key-id': { 'Fn::GetAtt': ['ArchiveKey', 'Arn'] },
      },
      Null: { 's3:x-amz-server-side-encryption-aws-kms-key-id': 'false' },
    }),
  'unfinished uploads are aborted': (t) =>
    list(at(t, `${BUCKET}.LifecycleConfiguration.Rules`)).some(
      (rule) =>
        at(rule, 'Status') === 'Enabled' &&
        Number(at(rule, 'AbortIncompleteMultipartUpload.DaysAfterInitiation')) > 0,
    ),
  'evidence is written once, by whomever': (t) =>
    refuses(t, 'WriteOnce', 's3:PutObject', EVIDENCE) &&
    policyDenies(t, 'ArchiveBucketPolicy', {
      Null: { 's3:if-none-match': 'true' },
      Bool: { 's3:ObjectCreationOperation': 'true' },
    }),
  'nobody hides evidence under a delete marker': (t) =>
    refuses(t, 'NoDeleteMarkers', 's3:DeleteObject', [...EVIDENCE, 'holds']) &&
    policyDenies(t, 'ArchiveBucketPolicy', undefined),
}
