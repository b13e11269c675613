import type {
  GetBucketLifecycleConfigurationOutput,
  GetObjectLockConfigurationOutput,
  GetPublicAccessBlockOutput,
} from '@aws-sdk/client-s3'
import type { LockFacts } from '../doctor/bucket.ts'
import type { LifecycleRule } from '../doctor/lifecycle.ts'

const DAYS_A_YEAR = 365

export function readLock({ ObjectLockConfiguration }: GetObjectLockConfigurationOutput): LockFacts {
  const { Mode, Days, Years } = ObjectLockConfiguration?.Rule?.DefaultRetention ?? {}
  return {
    enabled: ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled',
    ...(Mode !== undefined && { defaultMode: Mode, defaultDays: Days ?? (Years ?? 0) * DAYS_A_YEAR }),
  }
}

/** The names of the blocks that are off. */
export function readOpenBlocks({ PublicAccessBlockConfiguration }: GetPublicAccessBlockOutput): string[] {
  const names = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const
  return names.filter((name) => PublicAccessBlockConfiguration?.[name] !== true)
}

/** Enabled rules only. */
export function readLifecycle({ Rules = [] }: GetBucketLifecycleConfigurationOutput): LifecycleRule[] {
  return Rules.filter(({ Status }) => Status === 'Enabled').map(({ ID = '', Filter, ...rule }) => {
    // A rule of the old form has its prefix outside of the filter.
    const outside: Readonly<Record<string, unknown>> = rule
    const old = typeof outside['Prefix'] === 'string' ? outside['Prefix'] : ''
    const both = Filter?.And
    const limits = [
      Filter?.Tag,
      Filter?.ObjectSizeGreaterThan,
      Filter?.ObjectSizeLessThan,
      both?.Tags,
      both?.ObjectSizeGreaterThan,
      both?.ObjectSizeLessThan,
    ]
    return {
      id: ID,
      prefix: both?.Prefix ?? Filter?.Prefix ?? old,
      partial: limits.some((limit) => limit !== undefined),
      abortsUploads: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation !== undefined,
      expires:
        rule.Expiration?.Days !== undefined ||
        rule.Expiration?.Date !== undefined ||
        rule.NoncurrentVersionExpiration !== undefined,
    }
  })
}
