import type { Clock } from '../deadline.ts'
import { StoppedError } from '../errors.ts'
import { inOrder } from '../in-order.ts'
import type { Examine } from '../s3/examine.ts'
import type { Inventory } from '../s3/inventory.ts'
import type { Item, Selector } from '../s3/selection.ts'
import type { VerifyPass, VerifyRecords } from '../s3/verify-records.ts'
import type { Claim } from './claim.ts'
import { upperLimit } from './confidence.ts'
import { isEmpty, type Listed } from './entry.ts'
import type { Observe, Scope, VerifyEnd, VerifyOrder, VerifyTime } from './order.ts'
import { type Orphan, toUnfinished, toUnknown } from './orphans.ts'
import { type Account, addOrphan, addVerdict, startAccount, toUnread, type Verdict } from './verdict.ts'

/** The systems that a check works with. None of them can delete, shorten, or change what is read. */
export interface VerifySystems {
  readonly inventory: Inventory
  readonly selector: Selector
  readonly examine: Examine
  readonly records: VerifyRecords
  /** Recordings of one part of the whole archive: after a kill it is read again from its beginning. */
  readonly partRecordings: number
  readonly clock: Clock
}

interface Run {
  readonly order: VerifyOrder
  readonly systems: VerifySystems
  readonly time: VerifyTime
  readonly observe: Observe
  readonly startedAt: Date
}

type Why = VerifyEnd['why']
type Items = AsyncIterable<Item> | Iterable<Item>

/** Recordings whose audio is read at the same time, and those that are held meanwhile. */
const SIDE_BY_SIDE = { atOnce: 16, ahead: 32 }
/** The longest that a part of the whole archive takes. */
const PART_MS = 300_000
const LEVEL = 0.95

/**
 * THE STORY of a check: list what there is; choose; read each chosen recording from its first byte to its last; compare it with
 * its sidecar; write the report. Nothing counts as good that was not read.
 * @throws StoreError or ConfigurationError where the bucket cannot be listed, or the report not be written
 */
export async function verify(
  order: VerifyOrder,
  systems: VerifySystems,
  time: VerifyTime,
  observe: Observe,
): Promise<VerifyEnd> {
  const run = { order, systems, time, observe, startedAt: systems.clock.now() }
  const { scope } = order
  if (scope.kind === 'all') return await verifyAll(run)
  return scope.kind === 'sample' ? await verifySample(run, scope) : await verifySelected(run, scope)
}

/**
 * Whether there is nothing that a check could look at: no object of the workspace, and no recording that the ledgers of the
 * days name. So it is of a workspace whose id was mistyped. Recordings that are named are looked for one by one.
 * @throws StoreError or ConfigurationError where the bucket cannot be listed
 */
export async function isNothingThere(
  { workspaceId, scope }: Pick<VerifyOrder, 'workspaceId' | 'scope'>,
  { inventory, selector }: Pick<VerifySystems, 'inventory' | 'selector'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (scope.kind === 'ids') return false
  const { done = false } = await inventory.walk(workspaceId, undefined, signal).next()
  if (!done) return false
  if (scope.kind !== 'days') return true
  const { total = 0 } = await selector.select(workspaceId, scope, signal)
  return total === 0
}

/** Reads everything, part by part. The mark moves on behind a part only when the report of it is written. */
async function verifyAll(run: Run): Promise<VerifyEnd> {
  const { order, systems, time, observe } = run
  const pass = await systems.records.openPass(order.workspaceId, time.signal)
  const account = startAccount()
  const reportKeys: string[] = []
  const end = (why: Why): VerifyEnd => ({ why, account, reportKeys, mark: pass.mark })
  observe({ kind: 'began', total: undefined, mark: pass.mark })
  for (;;) {
    const startedAt = systems.clock.now()
    const part = await verifyPart(run, pass, account)
    if (part.through === undefined && !part.isLast) return end('out-of-time')
    const { mark } = pass
    const { why, account: ofPart } = part
    const key = await systems.records.keep({
      order,
      startedAt,
      why,
      account: ofPart,
      part: { ...part, mark },
    })
    reportKeys.push(key)
    await pass.moveOn({ ...part, tally: ofPart.tally }, key)
    observe({ kind: 'part', mark: pass.mark, key })
    if (part.isLast) return end('finished')
    if (why === 'out-of-time') return end(why)
  }
}

async function verifyPart(run: Run, { mark }: VerifyPass, whole: Account) {
  const { order, systems, time } = run
  const { clock, inventory, partRecordings } = systems
  const account = startAccount()
  const endsAt = clock.now().getTime() + PART_MS
  const part: { isLast: boolean; through: string | undefined } = { isLast: false, through: undefined }
  async function* take(): AsyncGenerator<Listed, void, undefined> {
    let taken = 0
    for await (const listed of inventory.walk(order.workspaceId, mark.after ?? undefined, time.signal)) {
      yield listed
      if (listed.kind === 'recording') taken += 1
      if (taken >= partRecordings || clock.now().getTime() >= endsAt) return
    }
    part.isLast = true
  }
  const why = await untilStopped(async () => {
    const came = await judgeAll(run, take(), [account, whole], ({ recordingId }) => {
      part.through = recordingId
    })
    if (part.isLast) await noteUploads(run, [account, whole])
    return came
  })
  return { account, why, through: part.through, isLast: part.isLast && why === 'finished' }
}

/** Lists everything, reads those that the seed chooses, and whatever else the listing shows to be irregular. */
async function verifySample(run: Run, scope: Scope & { kind: 'sample' }): Promise<VerifyEnd> {
  const { systems, time, observe, startedAt, order } = run
  const account = startAccount()
  const seeOther = (listed: Listed): void => {
    if (listed.kind === 'unknown') addOrphan(account, toUnknown(listed.version))
    else
      addVerdict(
        account,
        toUnread(listed.entry, 'too many are irregular: bird-archive verify --all reads all'),
      )
  }
  let [population, read, bad] = [0, 0, 0]
  const why = await untilStopped(async () => {
    const drawn = await systems.selector.draw(order.workspaceId, scope, seeOther, time.signal)
    await noteUploads(run, [account])
    population = drawn.population
    observe({ kind: 'began', total: drawn.entries.length })
    const items = drawn.entries.map((entry): Item => ({ kind: 'recording', entry }))
    return await judgeAll(run, items, [account], ({ recordingId, outcome }) => {
      if (!drawn.chosen.has(recordingId)) return
      read += 1
      if (outcome !== 'ok') bad += 1
    })
  })
  // Those of a sample that there was time for are no sample.
  const confidence = why === 'finished' ? upperLimit(population, read, bad, LEVEL) : undefined
  const key = await systems.records.keep({ order, startedAt, why, account, confidence })
  return { why, account, confidence, reportKeys: [key] }
}

/** Reads recordings that are named, or those of some days. */
async function verifySelected(run: Run, scope: Scope & { kind: 'ids' | 'days' }): Promise<VerifyEnd> {
  const { systems, time, observe, startedAt, order } = run
  const { total, items, isWanted, uncovered } = await systems.selector.select(
    order.workspaceId,
    scope,
    time.signal,
  )
  if (uncovered !== undefined) observe({ kind: 'uncovered', window: uncovered })
  observe({ kind: 'began', total })
  const account = startAccount()
  const why = await untilStopped(() => judgeAll(run, items, [account], () => undefined, isWanted))
  const key = await systems.records.keep({ order, startedAt, why, account })
  return { why, account, reportKeys: [key] }
}

/** Reads and judges items side by side, and enters what they come to in their order, until the time is over. */
async function judgeAll(
  { order, systems, time, observe }: Run,
  items: Items,
  accounts: readonly Account[],
  note: (verdict: Verdict) => void,
  isWanted?: (claim: Claim) => boolean,
): Promise<Why> {
  const { workspaceId } = order
  const { inventory } = systems
  const came: { why: Why } = { why: 'finished' }
  async function* whileThereIsTime(): AsyncGenerator<Item, void, undefined> {
    for await (const item of items) {
      if (!time.mayStart()) came.why = 'out-of-time'
      if (came.why !== 'finished') return
      yield item
    }
  }
  const judged = inOrder(whileThereIsTime(), SIDE_BY_SIDE, async (item) => {
    if (item.kind === 'unknown') return item
    const entry =
      item.kind === 'recording'
        ? item.entry
        : await inventory.find(workspaceId, item.recordingId, time.signal)
    if (item.kind === 'id' && !item.isArchived && isEmpty(entry)) return undefined
    return await systems.examine(workspaceId, entry, time.signal, isWanted)
  })
  // What lies between two recordings counts once the second is judged, for only then does a part go on behind it.
  let unknown: Orphan[] = []
  for await (const each of judged) {
    if (each === undefined) continue
    if ('kind' in each) unknown.push(toUnknown(each.version))
    else {
      for (const account of accounts) addVerdict(account, each)
      note(each)
      observe({ kind: 'judged', verdict: each })
      noteOrphans(unknown, accounts)
      unknown = []
    }
  }
  if (came.why === 'finished') noteOrphans(unknown, accounts)
  return came.why
}

function noteOrphans(orphans: readonly Orphan[], accounts: readonly Account[]): void {
  for (const account of accounts) for (const orphan of orphans) addOrphan(account, orphan)
}

async function noteUploads({ order, systems, time }: Run, accounts: readonly Account[]): Promise<void> {
  for await (const upload of systems.inventory.unfinishedUploads(order.workspaceId, time.signal)) {
    const orphan = toUnfinished(upload, systems.clock.now())
    if (orphan !== undefined) noteOrphans([orphan], accounts)
  }
}

async function untilStopped(work: () => Promise<Why>): Promise<Why> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoppedError) return 'out-of-time'
    throw error
  }
}
