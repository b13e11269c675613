import type { ArchiveConfig } from '../archive-config.ts'
import type { Lock } from '../archive/retention.ts'
import { type Extension, planExtension, readUntil } from '../retrieve/retention.ts'
import { keepRecordings, type KeepJob, type KeepOptions, withObjects } from './keep-recordings.ts'
import { UsageError } from './usage-error.ts'

export interface RetentionOptions extends KeepOptions {
  readonly until: string
}

/** Has recordings kept until a date, at least. Resolves to the exit code. */
export async function extendRetention(given: readonly string[], options: RetentionOptions): Promise<number> {
  const read = readUntil(options.until, new Date())
  if (!read.ok) throw new UsageError('Until when?', [read.fault])
  return await keepRecordings(given, options, undefined, ({ retention }) => ({
    title: 'extending',
    work: extendOne(read.until, retention.mode),
  }))
}

function extendOne(until: Date, mode: ArchiveConfig['retention']['mode']): KeepJob['work'] {
  return withObjects(async (kept, { keeper, dryRun, signal, note }) => {
    const plans = kept.objects.map((object) => ({
      ...object,
      plan: planExtension(object.state.lock, until, mode),
    }))
    if (plans.some(({ plan }) => plan.kind === 'no-mode'))
      return {
        outcome: 'refused',
        detail:
          'it has no lock, and RETENTION_MODE is off: set RETENTION_MODE to GOVERNANCE or COMPLIANCE, and RETENTION_DAYS, for this command',
        isLeft: true,
      }
    const toExtend = plans.flatMap(({ key, versionId, plan }) =>
      plan.kind === 'extend' ? [{ key, versionId, lock: plan.lock }] : [],
    )
    if (toExtend.length === 0)
      return {
        outcome: 'locked as long already',
        detail: describeLocks(plans.map(({ plan }) => plan)),
      }
    const before = kept.objects.map(({ state }) => state.lock)
    const detail = `from ${describeEnds(before)} to ${atSecond(until)} (${[...new Set(toExtend.map(({ lock }) => lock.mode))].join(', ')})`
    if (dryRun) return { outcome: 'would be extended', detail }
    await note('retention-extend', kept, detail)
    for (const { key, versionId, lock } of toExtend)
      await keeper.custody.extendRetention(key, versionId, lock, signal)
    return { outcome: 'extended', detail }
  })
}

function describeLocks(plans: readonly Extension[]): string {
  return `until ${describeEnds(plans.map((plan) => (plan.kind === 'no-mode' ? undefined : plan.lock)))}`
}

/** One end where all are the same. */
function describeEnds(locks: readonly (Lock | undefined)[]): string {
  const ends = locks.map((lock) => (lock === undefined ? 'no lock' : atSecond(lock.until)))
  return [...new Set(ends)].join(' and ')
}

function atSecond(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`
}
