/** Settings that a deployment must not set: the key itself, what Lambda sets, what is for other stores than S3. */
export const NOT_DEPLOYED = ['BIRD_ACCESS_KEY', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'S3_FORCE_PATH_STYLE']

const OF_SENDING = ['BACKFILL_MAX_QUEUED', 'BIRD_REQUESTS_PER_SECOND', 'CONCURRENCY', 'MEDIA_ORIGINS']
const OF_RETRIEVING = ['RETRIEVE_COUNTRY', 'RETRIEVE_REASON_REQUIRED']
const OF_SEARCHING = ['CATALOG_DATABASE', 'CATALOG_FIRST_DAY', 'CATALOG_WORK_GROUP']

/**
 * Each deployed function: the settings that are none of its business, and how large its bundle may be, in MiB; what is added
 * to it has to be worth its import.
 */
export const FUNCTIONS = {
  archive: {
    without: ['BACKFILL_MAX_QUEUED', 'BACKFILL_WORKSPACE_IDS', ...OF_RETRIEVING, ...OF_SEARCHING],
    budgetMib: 1.55,
  },
  backfill: { without: ['CONCURRENCY', 'MEDIA_ORIGINS', ...OF_RETRIEVING, ...OF_SEARCHING], budgetMib: 1.55 },
  verify: { without: [...OF_SENDING, ...OF_RETRIEVING, ...OF_SEARCHING], budgetMib: 1.5 },
  compact: { without: [...OF_SENDING, ...OF_RETRIEVING], budgetMib: 1.5 },
  retrieve: { without: OF_SENDING, budgetMib: 1.75 },
} as const

/** Every role of the template. */
export const ROLES = [
  'ArchiveRole',
  'BackfillRole',
  'VerifyRole',
  'CompactRole',
  'RetrieveRole',
  'SweepScheduleRole',
  'VerifyScheduleRole',
  'CompactScheduleRole',
]

/** What lets each function use the bucket's key. */
export const KEY_USES = ['ArchiveKeyUse', 'BackfillKeyUse', 'VerifyKeyUse', 'CompactKeyUse', 'RetrieveKeyUse']
