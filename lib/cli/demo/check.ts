import { type BucketAudit, auditBucket } from '../../sandbox/audit.ts'
import { type DeadLetter, watchQueues } from '../../sandbox/audit-queues.ts'
import type { SandboxReady } from '../../sandbox/sandbox-ready.ts'
import type { DemoPlan } from './plan.ts'
import type { Tally } from './tally.ts'

/** What the check from outside has found; everything is in order when there are no violations. */
export interface DemoCheck {
  readonly violations: readonly string[]
  readonly bucket: BucketAudit
  /** Those of this run. */
  readonly deadLetters: readonly DeadLetter[]
}

export interface CheckOptions {
  readonly ready: SandboxReady
  readonly plan: DemoPlan
  readonly tally: Tally
  /** Ids of messages that were dead before. */
  readonly deadBefore: ReadonlySet<string>
  /** Whether SQS may have delivered more often than planned: after a crash, or with messages of an earlier run. */
  readonly repeatsAllowed: boolean
  /** Whether an upload may have been left over, by a crash that no program survives. */
  readonly leftoversAllowed: boolean
}

/** The reason with which the archiver reports a message failed until SQS gives it up. */
const LAST_FAILURE: Readonly<Record<string, string>> = {
  'unknown-recording': 'not-found',
  'not-audio': 'bad-body',
}

/** Checks bucket, catalog and queues against the plan, through nothing but their own interfaces. */
export async function checkDemo(options: CheckOptions): Promise<DemoCheck> {
  const { ready, plan, deadBefore } = options
  const queues = watchQueues(ready)
  try {
    const bucket = await auditBucket(ready, plan.toArchive)
    const { visible, inFlight, delayed } = await queues.count('queue')
    const deadLetters = (await queues.listDeadLetters()).filter(({ messageId }) => !deadBefore.has(messageId))
    const violations = [...bucket.violations]
    if (visible + inFlight + delayed > 0)
      violations.push(
        `the queue still holds messages: ${visible} visible, ${inFlight} in flight, ${delayed} delayed`,
      )
    if (!options.leftoversAllowed)
      for (const key of bucket.unfinishedUploads)
        violations.push(`an upload of ${key} was begun and never ended`)
    violations.push(...compareDeadLetters(deadLetters, options))
    return { violations, bucket, deadLetters }
  } finally {
    queues.close()
  }
}

function compareDeadLetters(
  deadLetters: readonly DeadLetter[],
  { plan, tally, repeatsAllowed }: CheckOptions,
): string[] {
  const violations: string[] = []
  const describe = (id: string | undefined, reason: string): string =>
    `${id ?? 'a message without id'} (${reason})`
  const count = new Map<string, number>()
  for (const { recordingId, reason } of deadLetters) {
    const cause = reason ?? tally.failing.get(recordingId ?? '')?.reason ?? 'given up by the queue'
    const name = describe(recordingId, cause)
    count.set(name, (count.get(name) ?? 0) + 1)
  }
  for (const { recordingId, deadLetterReason = '' } of plan.toRefuse) {
    const name = describe(recordingId, LAST_FAILURE[deadLetterReason] ?? deadLetterReason)
    const found = count.get(name) ?? 0
    if (found === 0) violations.push(`${name} is missing among the dead letters`)
    if (found > 1 && !repeatsAllowed) violations.push(`${name} is ${found} times among the dead letters`)
    count.delete(name)
  }
  for (const name of count.keys()) violations.push(`${name} should not be among the dead letters`)
  return violations
}
