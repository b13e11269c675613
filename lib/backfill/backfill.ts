import type { Survey } from '../bird/survey.ts'
import type { Clock } from '../deadline.ts'
import { BirdError, ConfigurationError, describeError, StoppedError, StoreError } from '../errors.ts'
import type { Ledgers } from '../s3/ledgers.ts'
import type { Pass } from '../s3/pass.ts'
import type { Found, Sidecars } from '../s3/sidecars.ts'
import type { Reports } from '../s3/reports.ts'
import type { Attest } from '../s3/attester.ts'
import type { Feed } from '../sqs/feed.ts'
import { type Asked, drawUp, enterUnsent, idsToAskFor, idsToFind, isUnfed, type Known } from './account.ts'
import { isPending, isSettled, isUnchanged, type Ledger, noteListing } from './ledger.ts'
import { createHearsay, type Listing } from './listing.ts'
import { isSwept, tallyOf } from './mark.ts'
import type { BackfillEnd, BackfillOrder, BackfillTime, Came, Observe, Swept } from './order.ts'
import { addLedger, startReport } from './report.ts'
import { isClosed, splitWindow, type Window } from './window.ts'

/** The systems that a backfill works with. */
export interface BackfillSystems {
  readonly bird: {
    survey(workspaceId: string, window: Window, limit: number, time: BackfillTime): Promise<Survey>
    ask(workspaceId: string, recordingId: string, time: BackfillTime): Promise<Asked>
    askAll(workspaceId: string, ids: Iterable<string>, time: BackfillTime): Promise<Map<string, Asked>>
  }
  readonly sidecars: Sidecars
  readonly ledgers: Ledgers
  openPass(order: BackfillOrder, now: Date, signal: AbortSignal): Promise<Pass>
  readonly attest: Attest
  readonly reports: Reports
  readonly feed: Feed
  /** What is to be known before a workspace's windows are looked at. */
  learn(workspaceId: string, signal: AbortSignal): Promise<Known>
  readonly clock: Clock
}

interface Run {
  readonly order: BackfillOrder
  readonly systems: BackfillSystems
  readonly time: BackfillTime
  readonly observe: Observe
  readonly known: Known
  readonly pass: Pass
  readonly came: Came
  readonly hear: ReturnType<typeof createHearsay>
}

/** Times that a window is looked at anew because its list or its ledger changes meanwhile. */
const ATTEMPTS = 4
/** Windows in a row that fail before the run gives up: then it is not the windows. */
const FAILURES_IN_A_ROW = 3

/**
 * THE STORY of a backfill: take the next window; list it; look for the sidecars; send what is missing; write the ledger, and
 * attest what is complete; tick the window off. Killed between any two steps, the next run takes that window up again.
 * @throws ConfigurationError or BirdError where nothing can be swept before a person has mended something, and the reason
 * of `time.signal`
 */
export async function backfill(
  order: BackfillOrder,
  systems: BackfillSystems,
  time: BackfillTime,
  observe: Observe,
): Promise<BackfillEnd> {
  const now = systems.clock.now()
  const known = await systems.learn(order.workspaceId, time.signal)
  const pass = await systems.openPass(order, now, time.signal)
  observe({ kind: 'began', mark: pass.mark })
  const report = startReport(order.workspaceId, pass.mark.range)
  const came: Came = { report, failures: [], sent: 0, whole: undefined }
  const run = { order, systems, time, observe, known, pass, came, hear: createHearsay() }
  const why = await sweepAll(run).catch((error: unknown): Stop => {
    if (error instanceof StoppedError) return 'out-of-time'
    throw error
  })
  const unswept = came.failures.length > 0 ? 'failing' : 'out-of-time'
  return { ...came, why: why ?? (isSwept(pass.mark) ? 'finished' : unswept), mark: pass.mark }
}

type Stop = Exclude<BackfillEnd['why'], 'finished'>

async function sweepAll(run: Run): Promise<Stop | undefined> {
  const { pass, time, order, systems } = run
  const attempt = createAttempts(run)
  for (let window = await pass.take(); window !== undefined; window = await pass.take()) {
    const taken = window
    const stop = time.mayStart() ? await attempt(taken, () => sweepNext(taken, run)) : 'out-of-time'
    if (stop !== undefined) return stop
  }
  if (isSwept(pass.mark) && !order.looksOnly) {
    const { workspaceId, name } = order
    const now = systems.clock.now()
    run.came.whole = await systems.reports.complete(workspaceId, name, pass.mark.range, now, time)
    await pass.finish(now)
  }
  return order.isScheduled ? await revisitAll(run) : undefined
}

/** Looks again at what was left open on other days, each day in its turn. */
async function revisitAll(run: Run): Promise<Stop | undefined> {
  const attempt = createAttempts(run)
  for (const window of run.pass.pendingElsewhere()) {
    if (!run.time.mayStart()) return 'out-of-time'
    const stop = await attempt(window, () => revisit(window, run))
    // One that failed has had its turn, too.
    if (stop !== 'throttled') await run.pass.turnTo(window)
    if (stop !== undefined) return stop
  }
  return undefined
}

/** Runs the work on windows. A fault of one window alone is noted, and the window stays with the mark. */
function createAttempts(run: Run): (window: Window, work: () => Promise<void>) => Promise<Stop | undefined> {
  const { time, observe, came } = run
  let inARow = 0
  return async (window, work) => {
    try {
      await work()
      inARow = 0
      return undefined
    } catch (error) {
      time.signal.throwIfAborted()
      const status = error instanceof BirdError ? error.failure.status : undefined
      if (error instanceof ConfigurationError || status === 401 || status === 403) throw error
      if (status === 429) return 'throttled'
      const reason = describeError(error)
      observe({ kind: 'failed', window, reason })
      came.failures.push({ window: window.name, reason })
      inARow += 1
      return inARow < FAILURES_IN_A_ROW ? undefined : 'failing'
    }
  }
}

async function sweepNext(window: Window, run: Run): Promise<void> {
  const { pass } = run
  const swept = await sweepWindow(window, run)
  if (swept === 'split') return await pass.split(window)
  await keep(swept, run)
  // Else the next run takes it up again.
  if (!isUnfed(swept.ledger)) await pass.tickOff(window, tallyOf(swept))
  tell(window, swept, run)
}

/** Notes what later runs have to look at again. */
async function keep({ ledger, listing }: Swept, { pass, systems, hear }: Run): Promise<void> {
  await pass.remember(hear(listing, ledger.elsewhere), systems.clock.now())
  await pass.note(ledger)
}

function tell(window: Window, swept: Swept, run: Run): void {
  run.came.sent += swept.sent
  addLedger(run.came.report, swept.ledger, run.systems.clock.now())
  run.observe({ kind: 'swept', window, swept, mark: run.pass.mark })
}

/** Lists a window and draws up its account, anew for as long as the list or the ledger changes meanwhile. */
async function sweepWindow(window: Window, run: Run): Promise<Swept | 'split'> {
  const { order, systems, time } = run
  const { workspaceId, windowLimit, looksOnly } = order
  for (let sent = 0, round = 1; ; round++) {
    const held = await systems.ledgers.read(workspaceId, window, time.signal)
    if (held.ledger.split) return 'split'
    const { listing, tooMany, fault } = await systems.bird.survey(workspaceId, window, windowLimit, time)
    if (tooMany) {
      const { ledgers, sidecars, clock } = systems
      if (looksOnly || (await ledgers.split(held, window, sidecars, clock.now(), time.signal))) return 'split'
    } else {
      const now = systems.clock.now()
      const listed = noteListing(held.ledger.listed, listing, fault)
      const ledger = { ...held.ledger, sweeps: held.ledger.sweeps + 1, sweptAt: now, listed }
      const swept = isUnchanged(held.ledger, listed, listing)
        ? { ledger, sent: 0, account: undefined, listing }
        : await account(window, ledger, listing, run)
      sent += swept.sent
      const isWritten = looksOnly || (await systems.ledgers.replace(held, swept.ledger, time.signal))
      const isDone = looksOnly || !isSettled(swept.ledger, window, now) || !isPending(swept.ledger)
      if (isWritten && (isDone || round >= ATTEMPTS)) return { ...swept, sent }
    }
    if (round >= 2 * ATTEMPTS)
      throw new StoreError(`${window.name}: its ledger is changed by others all the time`)
  }
}

/** Puts every recording of a window in its line, sends what is missing, and attests what is complete. */
async function account(
  window: Window,
  before: Ledger,
  listing: Listing | undefined,
  run: Run,
): Promise<Swept> {
  const { order, systems, time, known } = run
  const { workspaceId } = order
  const found = await systems.sidecars.find(workspaceId, idsToFind(before, listing), time.signal)
  const asked = await systems.bird.askAll(workspaceId, idsToAskFor(before, listing, found), time)
  for (const [id, said] of asked) listing?.place(id, said)
  const drawn = drawUp(before, listing, found, asked, known, systems.clock.now())
  const onWait = (queued: number): void => run.observe({ kind: 'waiting', queued })
  const unsent = order.looksOnly
    ? new Map<string, never>()
    : await systems.feed.send(workspaceId, drawn.toSend, time, onWait)
  const { archived } = drawn
  const drawnUp = { ...before, archived, open: enterUnsent(drawn.open, unsent), attestation: null }
  const isComplete = listing !== undefined && isSettled(drawnUp, window, systems.clock.now())
  const ledger = isComplete && !order.looksOnly ? await confirm(window, drawnUp, found, run) : drawnUp
  return { ledger, sent: drawn.toSend.length - unsent.size, account: drawn, listing }
}

/** Attests a window if a second listing names the same recordings; else the ledger says what it named. */
async function confirm(
  window: Window,
  ledger: Ledger,
  found: ReadonlyMap<string, Found>,
  run: Run,
): Promise<Ledger> {
  const { systems, time, order } = run
  let { listed } = ledger
  if (listed.agreed < 2) {
    const again = await systems.bird.survey(order.workspaceId, window, order.windowLimit, time)
    listed = noteListing(listed, again.listing, again.fault)
    if (listed.agreed < 2) return { ...ledger, listed }
  }
  return await systems.attest(window, { ...ledger, listed }, found, systems.clock.now(), time.signal)
}

/** Looks at what a window has left open; it is listed once after its end, and once more when nothing is open. */
async function revisit(window: Window, run: Run): Promise<void> {
  const { systems, time, order, pass } = run
  const held = await systems.ledgers.read(order.workspaceId, window, time.signal)
  const { split, listed, sweptAt } = held.ledger
  if (split) return await revisitParts(window, held.ledger, run)
  if (!isPending(held.ledger)) return await pass.note(held.ledger)
  const isListed = listed.complete && sweptAt !== null && isClosed(window, sweptAt)
  const looked = isListed ? await account(window, held.ledger, undefined, run) : undefined
  const isOver = looked === undefined || isSettled(looked.ledger, window, systems.clock.now())
  const swept = isOver ? await sweepWindow(window, run) : looked
  if (swept === 'split') return await revisit(window, run)
  if (!isOver) await systems.ledgers.replace(held, swept.ledger, time.signal)
  await keep(swept, run)
  tell(window, swept, run)
}

/** Leaves it to later runs to look at the parts of a window. */
async function revisitParts(window: Window, whole: Ledger, { systems, time, pass }: Run): Promise<void> {
  const { workspaceId } = whole
  for (const part of splitWindow(window))
    await pass.note((await systems.ledgers.read(workspaceId, part, time.signal)).ledger)
  await pass.note(whole)
}
