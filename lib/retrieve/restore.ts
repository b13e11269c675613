/** How S3 keeps an object, as `HeadObject` tells it. */
export interface Storage {
  /** Undefined means STANDARD. */
  readonly storageClass: string | undefined
  /** `x-amz-archive-status`, of INTELLIGENT_TIERING alone. */
  readonly archiveStatus: string | undefined
  /** `x-amz-restore`: that a restore is under way, or until when the restored copy can be read. */
  readonly restore: string | undefined
}

/** Whether an object can be read now: `until` is the end of a restored copy. */
export type Restore = 'not-needed' | 'needed' | 'under-way' | { readonly until: Date }

export const RESTORE_TIERS = ['Standard', 'Bulk', 'Expedited'] as const
export type RestoreTier = (typeof RESTORE_TIERS)[number]

/** Source: S3 User Guide, "Understanding archive storage classes": these cannot be read in real time. */
const ARCHIVE_CLASSES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE'])
const DEEP: ReadonlySet<string> = new Set(['DEEP_ARCHIVE', 'DEEP_ARCHIVE_ACCESS'])

/**
 * Judges whether an object must be restored before it can be read. Source: S3 API Reference, HeadObject,
 * `x-amz-restore`: `ongoing-request="true"`, or `ongoing-request="false", expiry-date="…"`.
 */
export function judgeRestore({ storageClass, archiveStatus, restore = '' }: Storage): Restore {
  if (!ARCHIVE_CLASSES.has(storageClass ?? '') && archiveStatus === undefined) return 'not-needed'
  if (/ongoing-request="true"/.test(restore)) return 'under-way'
  const until = /expiry-date="([^"]+)"/.exec(restore)?.[1]
  const date = until === undefined ? undefined : new Date(until)
  return date === undefined || Number.isNaN(date.getTime()) ? 'needed' : { until: date }
}

/** Whether a restored copy has an end that can be chosen: Intelligent-Tiering moves the object itself, and takes no days. */
export function takesDays({ archiveStatus }: Pick<Storage, 'archiveStatus'>): boolean {
  return archiveStatus === undefined
}

/**
 * How long a restore takes, for people; undefined where S3 offers no such tier.
 * Source: S3 User Guide, "Understanding archive retrieval options".
 */
export function restoreTime(
  { storageClass, archiveStatus }: Pick<Storage, 'storageClass' | 'archiveStatus'>,
  tier: RestoreTier,
): string | undefined {
  if (DEEP.has(archiveStatus ?? storageClass ?? ''))
    return { Standard: 'within 12 hours', Bulk: 'within 48 hours', Expedited: undefined }[tier]
  return { Standard: 'in 3 to 5 hours', Bulk: 'in 5 to 12 hours', Expedited: 'in 1 to 5 minutes' }[tier]
}
