import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Context } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeArchiveFunction } from '../../lib/compose.ts'
import { expectArchivedOnce, expectNothingOf } from '../helpers/archived.ts'
import type { Reply } from '../helpers/bird-double.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { NO_LENGTH, setStrikes, type Strike } from '../helpers/strikes.ts'
import { eventOf } from '../helpers/sqs-events.ts'
import { startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const large = buildLargeAudio(18, 7)
const MIB = 1024 * 1024
/** What stalls, and whose: each of them runs in the same batch as the others of its group. */
type Stall = readonly [audio: Uint8Array | undefined, ...strikes: Strike[]]
/** How many transfers there are to stall, so that none is left for the one that waits. */
const STALLS: [string, transfers: number, Stall[]][] = [
  [
    'the media stalls: of a small one, of a large one in mid-upload, and of one without declared length',
    3,
    [
      [undefined, mediaFault({ stallAfterBytes: 1000 })],
      [large, mediaFault({ stallAfterBytes: 10 * MIB })],
      [large, mediaFault({ stallAfterBytes: 17 * MIB, noLength: true })],
    ],
  ],
  [
    'the bucket does not answer: a look, a PUT, a part, a part of unknown length, a completion',
    4,
    [
      [undefined, { operation: 'GetObject', fault: { kind: 'stall' } }],
      [undefined, { operation: 'PutObject', fault: { kind: 'stall' } }],
      [large, { operation: 'UploadPart', fault: { kind: 'stall' } }],
      [large, { operation: 'UploadPart', fault: { kind: 'stall' } }, NO_LENGTH],
      [large, { operation: 'CompleteMultipartUpload', fault: { kind: 'stall' } }],
    ],
  ],
]

function mediaFault(fault: { stallAfterBytes: number; noLength?: boolean }): Strike {
  return { bucket: 'bird-media', operation: 'GetObject', fault: { kind: 'body', ...fault } }
}

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

describe('when time is nearly up', () => {
  it.for(STALLS)(
    'what runs is aborted and cleaned up, what waits is not started, all is reported failed: %s',
    async ([, transfers, stalls]) => {
      const stalled = await Promise.all(
        stalls.map(([audio]) => world.addRecording(audio === undefined ? {} : { audio })),
      )
      const waiting = await world.addRecording()
      const asked = world.bird.requests.length
      const timersBefore = timers()
      const strikes = stalls.flatMap(([, ...ofOne], at) =>
        ofOne.map((strike) => ({ ...strike, key: new RegExp(stalled[at]?.id ?? '') })),
      )
      const { requests, struck } = setStrikes(world, ...strikes)
      const ids = [...stalled, waiting].map(({ id }) => id)
      const { failed, events } = await world.run(ids, {
        remainingMs: 3000,
        environment: { CONCURRENCY: String(transfers) },
      })
      const afterwards = requests.length
      expect(timers()).toBeLessThanOrEqual(timersBefore)
      for (let turns = 0; turns < 50; turns++) await turn()
      expect(requests).toHaveLength(afterwards)
      setStrikes(world)

      expect(Math.min(...struck)).toBeGreaterThan(0)
      const opened = requests.filter(({ operation }) => operation === 'CreateMultipartUpload')
      expect(opened).toHaveLength(stalls.filter(([audio]) => audio !== undefined).length)
      expect(failed).toEqual(ids.map((_, at) => `message-${at}`))
      const reasons = events
        .filter(({ event }) => event === 'recording.failed')
        .map((fields) => fields['reason'])
      expect(reasons).toEqual(ids.map(() => 'out-of-time'))
      const finished = events.find(({ event }) => event === 'batch.finished')
      expect(finished?.['remainingMs']).toBeGreaterThan(0)
      // Its metadata may be here already; nobody asks for its audio.
      const links = world.bird.requests.slice(asked).filter(({ path }) => path.endsWith(`${waiting.id}.mp3`))
      expect(links).toEqual([])
      for (const id of ids) await expectNothingOf(world, id)
    },
  )

  it('Bird that never answers is given up in time, too', async () => {
    const { id } = await world.addRecording({ metadataReplies: ['stall'] })
    const { failed, events } = await world.run([id], { remainingMs: 600 })
    expect(failed).toEqual(['message-0'])
    expect(events.find(({ event }) => event === 'batch.finished')?.['remainingMs']).toBeGreaterThan(0)
  })

  it('the catalog is given up before the function is, and what it lacks is reported failed', async () => {
    const { id } = await world.addRecording()
    setStrikes(world, { operation: 'PutObject', key: /^catalog\//, fault: { kind: 'stall' } })
    const { failed, events } = await world.run([id], { remainingMs: 1500 })
    setStrikes(world)
    expect(failed).toEqual(['message-0'])
    expect(events.find(({ event }) => event === 'batch.finished')?.['remainingMs']).toBeGreaterThan(0)
  })

  it('what must not be aborted ends by itself: the opening of an upload, and the reading of the secret', async () => {
    const secrets = createServer(() => {})
    await new Promise<void>((resolve) => {
      secrets.listen(0, '127.0.0.1', resolve)
    })
    const { port } = secrets.address() as AddressInfo
    process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = `http://127.0.0.1:${port}`
    const known = await world.addRecording({ audio: large })
    const unknown = await world.addRecording({ audio: large })
    const create = { operation: 'CreateMultipartUpload', fault: { kind: 'stall' } } as const
    const { struck } = setStrikes(world, create, { ...NO_LENGTH, key: new RegExp(unknown.id) })
    const secret = { ...world.env, BIRD_ACCESS_KEY: undefined, BIRD_ACCESS_KEY_SECRET: 'bird' }
    const endsAt = Date.now() + 2500
    const answers = await Promise.all(
      [world.env, secret].map((environment) =>
        composeArchiveFunction(environment, { log: { event: () => {} }, writeMetrics: () => {} })(
          eventOf([known.id, unknown.id]),
          { awsRequestId: 'request', getRemainingTimeInMillis: () => endsAt - Date.now() } as Context,
        ),
      ),
    )
    setStrikes(world)
    secrets.close()
    secrets.closeAllConnections()
    delete process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER']
    expect(struck).toEqual([2, 1])
    const all = [{ itemIdentifier: 'message-0' }, { itemIdentifier: 'message-1' }]
    expect(answers.map(({ batchItemFailures }) => batchItemFailures)).toEqual([all, all])
  }, 15_000)

  it('at the very start nothing is begun and nothing is asked', async () => {
    const { id } = await world.addRecording()
    const asked = world.bird.requests.length
    const { requests } = setStrikes(world)
    const { failed } = await world.run([id], { remainingMs: 0 })
    expect(failed).toEqual(['message-0'])
    expect(requests).toEqual([])
    expect(world.bird.requests).toHaveLength(asked)
  })

  it('what could still be begun but hardly finished is left for the next function', async () => {
    const { id: waiting } = await world.addRecording()
    const good = await world.addRecording()
    let remainingMs = 60_000
    const { link = [] } = world.bird.scripts.get(good.id) ?? {}
    const [answer] = link
    link.splice(0, 1, async (request) => {
      remainingMs = 15_000
      return typeof answer === 'function' ? await answer(request) : (answer as Reply)
    })
    const reasons: unknown[] = []
    const handler = composeArchiveFunction(
      { ...world.env, CONCURRENCY: '1' },
      {
        log: { event: (name, fields) => void (name === 'recording.failed' && reasons.push(fields)) },
        writeMetrics: () => {},
      },
    )
    const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => remainingMs } as Context
    const { batchItemFailures } = await handler(eventOf([good.id, waiting]), context)
    expect(batchItemFailures).toEqual([{ itemIdentifier: 'message-1' }])
    expect(reasons).toEqual([expect.objectContaining({ reason: 'out-of-time' })])
    await expectArchivedOnce(world, good)
    await expectNothingOf(world, waiting)
  })

  it('what was archived before is acknowledged and in the catalog', async () => {
    const good = await world.addRecording()
    const stalled = await world.addRecording({ metadataReplies: ['stall'] })
    const { failed } = await world.run([good.id, stalled.id], { remainingMs: 1500 })
    expect(failed).toEqual(['message-1'])
    await expectArchivedOnce(world, good)
  })

  it('one recording that takes longer than one may is given up, and the others go on', async () => {
    const stalled = await world.addRecording({ metadataReplies: ['stall'] })
    const good = await world.addRecording()
    const { failed, events } = await world.run([stalled.id, good.id], {
      environment: { CONCURRENCY: '1' },
      compose: { recordingLimitMs: 400 },
    })
    expect(failed).toEqual(['message-0'])
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'recording.failed', reason: 'time-limit' }),
    )
    await expectArchivedOnce(world, good)
  })
})
