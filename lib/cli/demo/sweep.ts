import { readAttestation } from '../../backfill/attest.ts'
import { backfill } from '../../backfill/backfill.ts'
import type { Ledger } from '../../backfill/ledger.ts'
import { countDone } from '../../backfill/mark.ts'
import type { BackfillEnd, BackfillTime } from '../../backfill/order.ts'
import { type Range, wholeDays } from '../../backfill/window.ts'
import { type Backfiller, composeBackfiller } from '../../compose-backfill.ts'
import { readConfig } from '../../config.ts'
import { createDeadline, systemClock } from '../../deadline.ts'
import { logBackfill } from '../../log-backfill.ts'
import { createJsonLog } from '../../log.ts'
import type { SandboxReady } from '../../sandbox/sandbox-ready.ts'
import { listAtBird } from './bird-list.ts'
import type { DemoPlan } from './plan.ts'
import { checkSweep, type SweptDays } from './sweep-check.ts'

/** What a sweep over the call center's days came to; everything is in order when there are no violations. */
export interface DemoSweep extends SweptDays {
  readonly violations: readonly string[]
  /** Every line that it logged. */
  readonly log: readonly string[]
}

export interface DemoSweepOptions {
  readonly ready: SandboxReady
  readonly plan: DemoPlan
  readonly limitMs: number
  readonly onProgress: (done: number, days: number) => void
}

/** Nobody else asks Bird meanwhile, which allows 50. */
const REQUESTS_PER_SECOND = '40'
const NAME = 'demo'

/** Sweeps all days of the plan's calls with the real backfill, and holds what it leaves behind against plan and Bird. */
export async function sweepDemo({ ready, plan, limitMs, onProgress }: DemoSweepOptions): Promise<DemoSweep> {
  const lines: string[] = []
  const log = createJsonLog((line) => lines.push(line), 'debug', systemClock.now)
  const env = { ...ready.env, BIRD_REQUESTS_PER_SECOND: REQUESTS_PER_SECOND }
  const backfiller = composeBackfiller(readConfig(env, { queues: true }), { log })
  const range = daysOf(plan)
  const startedAt = new Date()
  using deadline = createDeadline(() => startedAt.getTime() + limitMs - Date.now())
  try {
    let end = await sweepOnce(backfiller, ready, range, deadline, onProgress)
    // An earlier demo was stopped in the middle of its sweep: what that had seen by then may be out of date.
    if (end.mark.startedAt < startedAt && end.why === 'finished')
      end = await sweepOnce(backfiller, ready, range, deadline, onProgress)
    const { why, failures, whole } = end
    const report = whole?.report ?? end.report
    // Whatever became of the sweep, there is time to look at it.
    const signal = AbortSignal.timeout(limitMs)
    const kept = await readBack(backfiller, ready, range, signal)
    const listed = await listAtBird(ready, range, signal)
    const swept = { range, startedAt, finishedAt: new Date(), why, failures, report, ...kept, listed }
    return { ...swept, violations: checkSweep(swept, plan), log: lines }
  } finally {
    await backfiller.close()
  }
}

function daysOf({ calls }: DemoPlan): Range {
  const times = calls.map(({ metadata }) => Date.parse(metadata.createdAt)).toSorted((a, b) => a - b)
  const [first, last] = [times.at(0) ?? Date.now(), times.at(-1) ?? Date.now()]
  return wholeDays({ from: new Date(first), to: new Date(last + 1) })
}

/** Logs what the deployed function would. */
async function sweepOnce(
  { systems, windowLimit, log }: Backfiller,
  { bird: { workspaceId } }: SandboxReady,
  range: Range,
  time: BackfillTime,
  onProgress: DemoSweepOptions['onProgress'],
): Promise<BackfillEnd> {
  const order = { workspaceId, name: NAME, range, windowLimit, looksOnly: false, isScheduled: false }
  const end = await backfill(order, systems, time, (event) => {
    logBackfill(log, workspaceId, event)
    if (event.kind !== 'began' && event.kind !== 'swept') return
    const { done, total } = countDone(event.mark)
    onProgress(done, total)
  })
  const { why, mark } = end
  log.event('backfill.finished', { workspaceId, sweep: NAME, why, days: countDone(mark), tally: mark.tally })
  return end
}

/** Reads the ledgers of all days, and the attestations that they name. */
async function readBack(
  { systems, documents }: Backfiller,
  { bird }: SandboxReady,
  range: Range,
  signal: AbortSignal,
): Promise<Pick<SweptDays, 'ledgers' | 'attestations'>> {
  const ledgers: Ledger[] = []
  const attestations = new Map<string, ReturnType<typeof readAttestation>>()
  for await (const ledger of systems.ledgers.walk(bird.workspaceId, range, signal)) {
    ledgers.push(ledger)
    if (ledger.attestation === null) continue
    const document = await documents.read(ledger.attestation.key, signal)
    attestations.set(ledger.window, readAttestation(document?.text ?? ''))
  }
  return { ledgers, attestations }
}
