import { explainUnseen, type Finding, noteFor, type Seen } from './finding.ts'

/** What an enabled rule does; `prefix` is empty where it holds for the whole bucket. */
export interface LifecycleRule {
  readonly id: string
  readonly prefix: string
  /** It asks for tags or sizes as well, so that it does not hold for all. */
  readonly partial: boolean
  readonly abortsUploads: boolean
  readonly expires: boolean
}

/** What sweeps write again and again: the next one finds out anew whatever is deleted there. */
const REPLACED = ['backfill/windows/', 'backfill/marks/']

const note = noteFor('bucket')

/** Judges whether unfinished uploads are cleared away, and whether anything deletes recordings. */
export function judgeLifecycle(
  lifecycle: Seen<readonly LifecycleRule[]>,
  name: string,
  prefix: string,
): Finding[] {
  const check = 'bucket.lifecycle'
  const unseen = explainUnseen(note, check, 'what the lifecycle rules do', lifecycle)
  if (unseen !== undefined) return [unseen]
  const rules = lifecycle.kind === 'seen' ? lifecycle.value : []
  const aborts = rules.some((rule) => rule.abortsUploads && !rule.partial && prefix.startsWith(rule.prefix))
  const expiring = rules.filter(
    (rule) =>
      rule.expires &&
      (prefix.startsWith(rule.prefix) || rule.prefix.startsWith(prefix)) &&
      !REPLACED.some((kind) => rule.prefix.startsWith(`${prefix}${kind}`)),
  )
  return [
    aborts
      ? note.ok(check, 'unfinished uploads are cleared away')
      : note.warn(
          check,
          'no lifecycle rule clears unfinished uploads away',
          'parts that a killed function left behind are invisible and paid for until somebody aborts them',
          `aws s3api put-bucket-lifecycle-configuration --bucket ${name} --lifecycle-configuration '{"Rules":[{"ID":"abort-unfinished","Status":"Enabled","Filter":{},"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":7}}]}' (it replaces the rules that are there)`,
        ),
    ...expiring.map((rule) =>
      note.warn(
        'bucket.expiration',
        `lifecycle rule ${rule.id === '' ? '(unnamed)' : rule.id} deletes objects`,
        'recordings would vanish on a schedule (locked versions stay until their retention ends)',
        'keep it only if that is your policy for the end of retention',
      ),
    ),
  ]
}
