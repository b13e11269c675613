import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BirdFault, BirdFaults } from '../../lib/sandbox/bird-faults.ts'
import {
  callsOn,
  HOUR_MS,
  runSweep,
  startWorldAt,
  type SweepRun,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { unknownStatus, unreadableItem } from '../helpers/list-faults.ts'
import { ACCESS_KEY } from '../helpers/world.ts'

const SIGNATURE = 'b1d5ea7000000000000000000000000000000000000000000000000000c0ffee'
const LINK = `https://voice.s3.eu-west-1.amazonaws.com/r.mp3?X-Amz-Expires=600&X-Amz-Security-Token=IQoJtoken&X-Amz-Signature=${SIGNATURE}`
/** What a server says that repeats everything it knows. */
const GOSSIP = `key AccessKey ${ACCESS_KEY} may not read ${LINK} of +12025550123 and 447700900456 (+44 7700 900456)`
/** What must be nowhere: keys, queries of links, and the numbers of the calls. */
const SECRETS = new RegExp(
  `${ACCESS_KEY}|X-Amz-(?!Meta)|${SIGNATURE}|IQoJtoken|test-secret-access-key|2025550123|7700900456|7700 900456`,
  'i',
)
const EVENT = { sweep: 'recent', days: 9 }
const day = (number: number): string => `2026-03-${String(number).padStart(2, '0')}`

let world: BackfillWorld
let clock: TestClock
let runs: SweepRun[]
beforeAll(async () => {
  ;({ world, clock } = await startWorldAt('2026-03-10T12:00:00.000Z'))
  world.setCalls([2, 3, 4, 5, 6, 7, 8].flatMap((number) => callsOn(day(number), 120)))
  let isBroken = true
  const [spoken, , , , lettered] = [2, 3, 4, 5, 6].map((number) => idsOn(number)[0] ?? '')
  await world.deadLetter(lettered ?? '', { reason: GOSSIP, detail: GOSSIP })
  const [statuses, unreadable] = [
    unknownStatus(world, GOSSIP, [spoken ?? '']),
    unreadableItem(world, 'no-createdAt', idsOn(4).slice(0, 2)),
  ]
  world.birdFaults = byDay({
    2: statuses,
    3: () => (isBroken ? gossip(500) : undefined),
    4: unreadable,
    5: ({ query }) => (query?.has('pageToken') ? gossip(503) : undefined),
    6: once(() => gossip(429)),
    7: once(() => ({ kind: 'respond', status: 200, body: `<html>${GOSSIP}</html>` })),
    8: once(() => ({
      kind: 'respond',
      status: 200,
      body: { results: [GOSSIP, { id: GOSSIP, status: GOSSIP }] },
    })),
  })
  world.s3Faults = ({ operation, key }) =>
    operation === 'PutObject' && key.includes(`windows/${world.workspaceId}/${day(9)}`)
      ? { kind: 'error', status: 400, code: 'InvalidRequest', message: GOSSIP }
      : undefined
  runs = []
  for (let run = 0; run < 3; run++) {
    clock.advance(HOUR_MS)
    runs.push(await runSweep(world, { clock, event: EVENT }))
    if (run === 1) [isBroken, world.s3Faults] = [false, () => undefined]
  }
  runs.push(await runSweep(world, { clock, event: EVENT, env: { BIRD_ACCESS_KEY: `${ACCESS_KEY}-old` } }))
}, 120_000)
afterAll(() => world[Symbol.asyncDispose]())

function idsOn(number: number): string[] {
  return world.calls
    .filter(({ metadata }) => metadata.createdAt.startsWith(day(number)))
    .map(({ recordingId }) => recordingId)
}
function gossip(status: number): BirdFault {
  return { kind: 'respond', status, body: { code: 'Gossip', message: `${ACCESS_KEY}! ${GOSSIP}` } }
}
function once(fault: BirdFaults): BirdFaults {
  let isOver = false
  return (request) => {
    const first = isOver ? undefined : fault(request)
    isOver = true
    return first
  }
}
/** A fault for the list of each day; a recording that is asked for by itself cannot be had. */
function byDay(faults: Readonly<Record<number, BirdFaults>>): BirdFaults {
  return (request) => {
    if (request.operation === 'getRecording') return gossip(422)
    const startMs = Date.parse(request.query?.get('startAt') ?? '') + HOUR_MS
    const number = Number.isNaN(startMs) ? 0 : new Date(startMs).getUTCDate()
    return faults[number]?.(request)
  }
}

describe('sweeps in which everything happens, logged in full', () => {
  it('do see everything', () => {
    const events = new Set(runs.flatMap((run) => run.events.map(({ event }) => String(event))))
    expect([...events].toSorted()).toEqual([
      'backfill.finished',
      'configuration.fault',
      'request.again',
      'window.failed',
      'window.swept',
    ])
    const failed = runs[0]?.events
      .filter(({ event }) => event === 'window.failed')
      .map(({ window }) => String(window))
    expect(failed).toEqual([day(3), day(7), day(9)])
    expect(
      world.requests.bird.filter(({ operation }) => operation === 'getRecording').length,
    ).toBeGreaterThan(1)
  })

  it('print no key, no query of a link, no page token and no phone number', () => {
    const tokens = world.requests.bird.flatMap(({ query: { pageToken } }) => pageToken ?? [])
    expect(tokens.length).toBeGreaterThan(5)
    const lines = runs.flatMap(({ output, error }) => [...output.split('\n'), String(error)])
    expect(lines.length).toBeGreaterThan(20)
    expect(lines.filter((line) => SECRETS.test(line))).toEqual([])
    expect(lines.filter((line) => tokens.some((token) => line.includes(token)))).toEqual([])
  })

  it('keep none of them under backfill/', async () => {
    const tokens = world.requests.bird.flatMap(({ query: { pageToken } }) => pageToken ?? [])
    const keys = await world.keys('backfill/')
    expect(new Set(keys.map((key) => key.split('/')[1]))).toEqual(
      new Set(['attestations', 'marks', 'reports', 'windows']),
    )
    for (const key of keys) {
      expect(key).not.toMatch(SECRETS)
      const text = JSON.stringify(await world.json(key))
      expect(SECRETS.exec(text)?.[0], key).toBeUndefined()
      expect(tokens.filter((token) => text.includes(token))).toEqual([])
    }
  })

  it('send nothing of it on', async () => {
    const messages = await world.queued()
    expect(messages.length).toBeGreaterThan(300)
    expect(messages.filter((message) => SECRETS.test(JSON.stringify(message)))).toEqual([])
  })
})
