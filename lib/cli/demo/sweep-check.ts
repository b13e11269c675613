import type { readAttestation } from '../../backfill/attest.ts'
import type { Line } from '../../backfill/judge.ts'
import { isExplained, type Ledger } from '../../backfill/ledger.ts'
import type { BackfillEnd } from '../../backfill/order.ts'
import { countLine, LINES, type Report } from '../../backfill/report.ts'
import { isClosed, type Range, windowAt, windowNamed } from '../../backfill/window.ts'
import { count } from '../print.ts'
import type { DemoPlan } from './plan.ts'

/** What a sweep over the call center's days has left in the bucket, and what Bird says of the same days. */
export interface SweptDays extends Pick<BackfillEnd, 'why' | 'failures' | 'report'> {
  readonly range: Range
  readonly startedAt: Date
  readonly finishedAt: Date
  /** One for each day. */
  readonly ledgers: readonly Ledger[]
  /** By window, each read again. */
  readonly attestations: ReadonlyMap<string, ReturnType<typeof readAttestation>>
  /** Ids of all recordings that Bird lists. */
  readonly listed: readonly string[]
}

/**
 * Holds a sweep against the plan and Bird's list: each recording is in exactly one line, the one that it belongs in, and
 * each day that is complete is attested, with the digests of Bird's audio. Gives a sentence for each thing that is not so.
 */
export function checkSweep(swept: SweptDays, plan: DemoPlan): string[] {
  return [
    ...checkEnd(swept),
    ...checkLines(swept, plan),
    ...checkReport(swept),
    ...checkAttestations(swept, plan),
  ]
}

function checkEnd({ why, failures }: SweptDays): string[] {
  return [
    ...(why === 'finished' ? [] : [`the sweep did not come to its end: ${why}`]),
    ...failures.map(({ window, reason }) => `${window} could not be swept: ${reason}`),
  ]
}

function checkLines(swept: SweptDays, plan: DemoPlan): string[] {
  const expected = expectLines(plan)
  const found = findLines(swept.ledgers)
  const listed = new Set(swept.listed)
  const wrong = new Map<string, string[]>()
  for (const id of new Set([...expected.keys(), ...found.keys(), ...listed])) {
    const [is, shall] = [found.get(id)?.join(' and ') ?? 'in no line', expected.get(id)]
    const what = [
      ...(listed.has(id) ? [] : ['not listed by Bird']),
      ...(is === shall ? [] : [shall === undefined ? `${is} and not planned` : `${is} in place of ${shall}`]),
    ].join(', ')
    if (what !== '') wrong.set(what, [...(wrong.get(what) ?? []), id])
  }
  return [...wrong].map(
    ([what, ids]) => `the sweep found ${count(ids.length, 'recording')} ${what}: ${nameSome(ids)}`,
  )
}

/** Of the messages that must be dead letters only some name a recording that Bird has. */
function expectLines({ calls, toArchive, toSkip, toRefuse }: DemoPlan): ReadonlyMap<string, Line> {
  const known = new Set(calls.map(({ recordingId }) => recordingId))
  const refused = toRefuse.flatMap(({ recordingId = '' }) => (known.has(recordingId) ? [recordingId] : []))
  return new Map<string, Line>([
    ...toArchive.map(({ recordingId }) => [recordingId, 'archived'] as const),
    ...toSkip.map((id) => [id, 'nothing-to-archive'] as const),
    ...refused.map((id) => [id, 'dead-lettered'] as const),
  ])
}

/** Each recording with every line in which a ledger has it. */
function findLines(ledgers: readonly Ledger[]): ReadonlyMap<string, readonly Line[]> {
  const found = new Map<string, Line[]>()
  const enter = (id: string, line: Line): void => void found.set(id, [...(found.get(id) ?? []), line])
  for (const { archived, open } of ledgers) {
    for (const id of archived) enter(id, 'archived')
    for (const { recordingId, line } of open) enter(recordingId, line)
  }
  return found
}

const MOST_NAMED = 3

function nameSome(ids: readonly string[]): string {
  return `${ids.slice(0, MOST_NAMED).join(', ')}${ids.length > MOST_NAMED ? ', …' : ''}`
}

function checkReport({ report, ledgers }: { report: Report; ledgers: readonly Ledger[] }): string[] {
  const lines = [...findLines(ledgers).values()].flat()
  return LINES.flatMap((line) => {
    const [reported, found] = [countLine(report, line), lines.filter((each) => each === line).length]
    return reported === found ? [] : [`the sweep's report counts ${reported} ${line}, its ledgers ${found}`]
  })
}

function checkAttestations(swept: SweptDays, plan: DemoPlan): string[] {
  const sha256 = new Map(plan.toArchive.map((fact) => [fact.recordingId, fact.sha256]))
  const dead = plan.calls.filter(({ expected }) => expected === 'dead-letter')
  const withDead = new Set(dead.map(({ metadata }) => windowAt(new Date(metadata.createdAt), 'day').name))
  return swept.ledgers.flatMap((ledger) => {
    const { window: name, archived, open, attestation } = ledger
    const window = windowNamed(name)
    const read = swept.attestations.get(name)
    if (window === undefined) return [`${name} is no window`]
    if (attestation === null || read === undefined)
      return isClosed(window, swept.startedAt) && !withDead.has(name)
        ? [`${name} is complete and was not attested`]
        : []
    if (!read.ok) return [`the attestation of ${name} attests nothing: ${read.reason}`]
    if (!isClosed(window, swept.finishedAt) || !open.every(isExplained))
      return [`${name} was attested and is not complete`]
    const facts = archived.map((id) => `${id} ${sha256.get(id) ?? ''}`).toSorted()
    const said = read.attestation
    const agrees =
      said.window.name === name &&
      said.digest.value === attestation.digest &&
      said.archived.join('\n') === facts.join('\n')
    return agrees ? [] : [`the attestation of ${name} says something else than its ledger and Bird's audio`]
  })
}
