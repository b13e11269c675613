import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  accountOf,
  attestationsOf,
  countsOf,
  giveUp,
  idsOf,
  queuedIds,
  reportOf,
  startWorldAt,
  sweepToEnd,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { callAt } from '../helpers/listed-calls.ts'

const NOW = '2026-03-10T12:00:00.000Z'

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt(NOW))
})
afterEach(() => world[Symbol.asyncDispose]())

describe('a sweep over the last three days', () => {
  it('sends exactly what has no sidecar, with the moment at which it was first seen', async () => {
    const edges = ['2026-03-08T00:00:00.000Z', '2026-03-08T23:59:59.999Z', '2026-03-09T00:00:00.000Z']
    const missing = [...edges, '2026-03-09T23:59:59.999Z', '2026-03-10T11:00:00.000Z'].map((at) => callAt(at))
    const there = [callAt('2026-03-08T10:00:00Z'), callAt('2026-03-09T10:00:00Z')]
    world.setCalls([...missing, ...there, callAt('2026-03-07T23:59:59.999Z')])
    await world.archiveAll(there)
    const { metrics } = await sweepToEnd(world, { clock })

    expect(await queuedIds(world)).toEqual(idsOf(missing))
    for (const { body, attributes } of await world.queued()) {
      expect(JSON.parse(body)).toEqual({ recordingId: expect.any(String), workspaceId: world.workspaceId })
      expect(attributes).toEqual({ firstSeenAt: NOW })
    }
    const account = await accountOf(world)
    expect([...account.keys()].toSorted()).toEqual(idsOf([...missing, ...there]))
    for (const { recordingId, metadata } of missing)
      expect(account.get(recordingId)).toMatchObject({
        window: metadata.createdAt.slice(0, 10),
        line: 'sent',
        sentAt: NOW,
      })
    expect(countsOf(await reportOf(world))).toEqual({ archived: 2, sent: 5 })
    expect(metrics).toMatchObject({ Listed: 7, Sent: 5, WindowsSwept: 3 })
    expect(world.requests.bird.map(({ operation }) => operation)).toEqual([
      'listRecordings',
      'listRecordings',
      'listRecordings',
      'getRecordingMetrics',
    ])
  })

  it('sends nothing, and asks Bird for no single recording, where all is archived', async () => {
    const calls = Array.from({ length: 250 }, (_, at) => callAt(new Date(Date.UTC(2026, 2, 9, 0, at))))
    world.setCalls(calls)
    await world.archiveAll(calls)
    await sweepToEnd(world, { clock })
    expect(await world.queued()).toEqual([])
    expect(countsOf(await reportOf(world))).toEqual({ archived: 250 })
    expect(world.requests.bird.filter(({ operation }) => operation === 'getRecording')).toEqual([])
    expect([...(await attestationsOf(world)).keys()]).toEqual(['2026-03-08', '2026-03-09'])
  })

  it('takes a recording that has no audio at Bird for explained: nothing is sent, the day is attested', async () => {
    const absent = callAt('2026-03-09T10:00:00Z', { status: 'absent' })
    const failed = callAt('2026-03-09T11:00:00Z', { status: 'failed' })
    world.setCalls([absent, failed])
    await sweepToEnd(world, { clock })
    expect(await world.queued()).toEqual([])
    expect(countsOf(await reportOf(world))).toEqual({ 'nothing-to-archive': 2 })
    const [attestation] = (await attestationsOf(world)).get('2026-03-09') ?? []
    expect(attestation).toMatchObject({
      counts: { recordings: 2, archived: 0, nothingToArchive: 2, givenUp: 0 },
      exceptions: [absent, failed]
        .map(({ recordingId, statuses }) => ({
          recordingId,
          line: 'nothing-to-archive',
          reason: statuses[0]?.status,
        }))
        .toSorted((one, other) => (one.recordingId < other.recordingId ? -1 : 1)),
    })
  })
})

describe('dead letters', () => {
  const letter = (call: { recordingId: string }, reason: string): Promise<void> =>
    world.deadLetter(JSON.stringify({ recordingId: call.recordingId, workspaceId: world.workspaceId }), {
      reason,
    })

  it('stand in the report with their reason, are not sent again, and stay where they are', async () => {
    const conflict = callAt('2026-03-09T10:00:00Z')
    const bare = callAt('2026-03-09T11:00:00Z')
    world.setCalls([conflict, bare])
    await letter(conflict, 'conflict')
    await world.deadLetter(bare.recordingId, { reason: 'unprocessable' })
    await sweepToEnd(world, { clock })
    expect(await world.queued()).toEqual([])
    expect(await world.deadLetters()).toHaveLength(2)
    const account = await accountOf(world)
    expect(account.get(conflict.recordingId)).toMatchObject({ line: 'dead-lettered', reason: 'conflict' })
    expect(account.get(bare.recordingId)).toMatchObject({ line: 'dead-lettered', reason: 'unprocessable' })
    const report = await reportOf(world)
    expect(report).toMatchObject({ unexplainedCount: 2, lines: { 'dead-lettered': { count: 2 } } })
    expect((await attestationsOf(world)).has('2026-03-09')).toBe(false)
  })

  it('that Bird was not done with for too long are sent once the recording is available, and once only', async () => {
    const [late, never] = [
      callAt('2026-03-09T10:00:00Z', { status: 'ongoing' }),
      callAt('2026-03-09T11:00:00Z', { status: 'ongoing' }),
    ]
    world.setCalls([late, never])
    for (const call of [late, never]) await letter(call, 'never-available')
    await sweepToEnd(world, { clock })
    expect(await world.queued()).toEqual([])
    expect(countsOf(await reportOf(world))).toEqual({ 'dead-lettered': 2 })
    world.setStatus(late.recordingId, 'available')
    for (let runs = 0; runs < 2; runs++) {
      clock.advance(60_000)
      await sweepToEnd(world, { clock })
      expect(await queuedIds(world)).toEqual([late.recordingId])
    }
    expect(countsOf(await reportOf(world))).toEqual({ sent: 1, 'dead-lettered': 1 })
  })

  it('of another workspace say nothing about ours', async () => {
    const call = callAt('2026-03-09T10:00:00Z')
    world.setCalls([call])
    await world.deadLetter(
      JSON.stringify({ recordingId: call.recordingId, workspaceId: 'another-workspace' }),
      {
        reason: 'conflict',
      },
    )
    await world.deadLetter('not even readable', { reason: 'unreadable-message' })
    await sweepToEnd(world, { clock })
    expect(await queuedIds(world)).toEqual([call.recordingId])
  })

  it('that a person has given up are explained, and the day is attested with them', async () => {
    const call = callAt('2026-03-09T10:00:00Z')
    world.setCalls([call])
    await letter(call, 'conflict')
    await sweepToEnd(world, { clock })
    expect((await attestationsOf(world)).has('2026-03-09')).toBe(false)
    await giveUp(world, call.recordingId)
    clock.advance(60_000)
    await sweepToEnd(world, { clock })
    expect(await reportOf(world)).toMatchObject({
      unexplainedCount: 0,
      lines: { 'dead-lettered': { count: 1 } },
    })
    const [attestation] = (await attestationsOf(world)).get('2026-03-09') ?? []
    expect(attestation).toMatchObject({
      counts: { recordings: 1, archived: 0, givenUp: 1 },
      exceptions: [{ recordingId: call.recordingId, line: 'dead-lettered', reason: 'given-up' }],
    })
    expect(await world.queued()).toEqual([])
  })
})
