import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Call, describeCalls } from '../../sandbox/calls.ts'
import { type Delivery, planDeliveries } from '../../sandbox/deliveries.ts'
import type { MediaFact } from '../../sandbox/media.ts'
import type { SandboxReady } from '../../sandbox/sandbox-ready.ts'
import { openState } from '../../sandbox/sandbox-state.ts'

/** What the demo sets out to do, and what must come of it. */
export interface DemoPlan {
  readonly calls: readonly Call[]
  readonly deliveries: readonly Delivery[]
  /** Recordings that must be in the bucket at the end, with what their audio is. */
  readonly toArchive: readonly MediaFact[]
  /** Recordings that have nothing to archive. */
  readonly toSkip: readonly string[]
  /** Messages that must end in the dead-letter queue. */
  readonly toRefuse: readonly Delivery[]
  /** Digits of every telephone number that Bird knows. */
  readonly phoneNumbers: readonly string[]
}

/** Derives the plan from the directory of a sandbox that is ready: its calls follow from the seed alone. */
export async function planDemo(directory: string, ready: SandboxReady): Promise<DemoPlan> {
  const { seed, recordings, callsBefore } = await openState(directory, {
    seed: undefined,
    recordings: undefined,
    now: new Date(),
  })
  const calls = describeCalls({ seed, count: recordings, now: new Date(callsBefore) })
  const deliveries = planDeliveries({ calls, workspaceId: ready.bird.workspaceId, seed })
  const facts = new Map<string, MediaFact>()
  for (const line of (await readFile(join(directory, 'media.ndjson'), 'utf8')).split('\n')) {
    if (line === '') continue
    const fact = JSON.parse(line) as MediaFact
    facts.set(fact.recordingId, fact)
  }
  return {
    calls,
    deliveries,
    toArchive: calls
      .filter(({ expected }) => expected === 'archived')
      .map(({ recordingId }) => facts.get(recordingId) ?? { recordingId, bytes: -1, sha256: 'never made' }),
    toSkip: calls
      .filter(({ expected }) => expected === 'nothing-to-archive')
      .map(({ recordingId }) => recordingId),
    toRefuse: deliveries.filter(({ expected }) => expected === 'dead-letter'),
    phoneNumbers: phoneNumbersOf(calls),
  }
}

function phoneNumbersOf(calls: readonly Call[]): string[] {
  const parties = calls.flatMap(({ metadata }) => [metadata.originator, metadata.receiver])
  const numbers = parties.flatMap((party) => [party?.number.number, party?.number.identity])
  return [...new Set(numbers.map((number) => number?.replace(/\D/g, '') ?? ''))].filter(
    (digits) => digits.length >= 7,
  )
}
