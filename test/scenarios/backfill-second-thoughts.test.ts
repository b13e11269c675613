import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  accountOf,
  attestationsOf,
  callsOn,
  HOUR_MS,
  ledgerOf,
  pendingOf,
  queuedIds,
  startWorldAt,
  sweepToEnd,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import * as faults from '../helpers/list-faults.ts'
import { onList, readPage } from '../helpers/list-pages.ts'
import type { BirdCall } from '../../lib/sandbox/bird-recording.ts'

const DAY = '2026-03-09'

let world: BackfillWorld
let clock: TestClock
/** Of two calls of the day, one is archived, and Bird has no audio of the other. */
let archived: BirdCall
let without: BirdCall
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt('2026-03-10T12:00:00.000Z'))
  const calls = callsOn(DAY, 2)
  ;[archived, without] = calls as [BirdCall, BirdCall]
  world.setCalls(calls)
  world.setStatus(without.recordingId, 'failed')
  await world.archived(archived)
})
afterEach(() => world[Symbol.asyncDispose]())

async function sweep(days = 2): Promise<void> {
  clock.advance(HOUR_MS)
  await sweepToEnd(world, { clock, event: { sweep: 'recent', days } })
}
const attested = async () => (await attestationsOf(world)).get(DAY) ?? []
const lineOf = async ({ recordingId }: BirdCall) => (await accountOf(world)).get(recordingId)?.line

describe('a recording that Bird had no audio of when its day was attested, and has some now,', () => {
  it.each(['failed', 'absent'] as const)(
    'is sent, and the day is attested anew when it is archived: it was %s',
    async (status) => {
      world.setStatus(without.recordingId, status)
      await sweep()
      const [first] = await attested()
      expect(first).toMatchObject({ exceptions: [{ recordingId: without.recordingId, reason: status }] })
      world.setStatus(without.recordingId, 'available')
      await sweep()
      expect(await queuedIds(world)).toEqual([without.recordingId])
      expect(await ledgerOf(world, DAY)).toMatchObject({ attestation: null })
      expect(await pendingOf(world)).toContain(DAY)

      await world.archiveQueued()
      await sweep()
      const both = await attested()
      expect(both).toHaveLength(2)
      expect(both).toContainEqual(first)
      expect(both).toContainEqual(
        expect.objectContaining({ counts: expect.objectContaining({ archived: 2 }), exceptions: [] }),
      )
    },
  )

  it('is remembered, and its day is no longer attested, also where it is said to be underway again', async () => {
    await sweep()
    world.setStatus(without.recordingId, 'ongoing')
    await sweep()
    expect(await lineOf(without)).toBe('not-yet')
    expect(await ledgerOf(world, DAY)).toMatchObject({ attestation: null })
    world.setStatus(without.recordingId, 'available')
    await sweep()
    expect(await queuedIds(world)).toEqual([without.recordingId])
  })

  it.each(['no-status', 'no-createdAt'] as const)(
    'is sent also where the list has it in a form that cannot be read: %s',
    async (how) => {
      world.birdFaults = faults.unreadableItem(world, how, [without.recordingId])
      await sweep()
      expect(await attested()).toMatchObject([{ exceptions: [{ reason: 'failed' }] }])
      world.setStatus(without.recordingId, 'available')
      await sweep()
      expect(await queuedIds(world)).toEqual([without.recordingId])
    },
  )

  it('is sent also where Bird says so between the two listings that are to agree', async () => {
    let listings = 0
    world.birdFaults = ({ operation, query }) => {
      const isOfTheDay = query?.get('startAt') === new Date(Date.parse(DAY) - HOUR_MS).toISOString()
      if (operation === 'listRecordings' && isOfTheDay && ++listings === 2)
        world.setStatus(without.recordingId, 'available')
      return undefined
    }
    await sweep()
    expect(await queuedIds(world)).toEqual([without.recordingId])
    expect(await attested()).toEqual([])
  })
})

describe('two lists that contradict what Bird says of single recordings', () => {
  it('do not keep a run from coming to its end', async () => {
    const [one, other] = ['2026-03-08', DAY].map((day) => callsOn(day, 1, { status: 'failed' })[0]!)
    world.setCalls([one!, other!])
    // Each is listed as available by the day of the other, and is not when it is asked for.
    world.birdFaults = onList((asked) => {
      const page = readPage(world, asked)
      const starts = [one!, other!].map(({ metadata }) =>
        new Date(Date.parse(metadata.createdAt.slice(0, 10)) - HOUR_MS).toISOString(),
      )
      const stranger = [other!, one!][starts.indexOf(asked.get('startAt') ?? '')]
      const results =
        stranger === undefined
          ? []
          : [{ id: stranger.recordingId, status: 'available', createdAt: stranger.metadata.createdAt }]
      return page && { results }
    })
    await sweep(3)
    await sweep(3)
    expect([await lineOf(one!), await lineOf(other!)]).toEqual(['nothing-to-archive', 'nothing-to-archive'])
    expect(await queuedIds(world)).toEqual([])
  })
})
