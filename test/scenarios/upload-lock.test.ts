import { randomUUID } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce, expectNothingOf, versionsOf } from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { NO_LENGTH, setStrikes, type Strike } from '../helpers/strikes.ts'
import { keysOf, startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const DAY_MS = 86_400_000
const large = buildLargeAudio(9, 6)
const environment = { RETENTION_MODE: 'COMPLIANCE', RETENTION_DAYS: '365' }
const createdAt = new Date(Date.now() - 100 * DAY_MS).toISOString()
const FORMS: [string, Uint8Array | undefined, Strike[]][] = [
  ['a small one', undefined, []],
  ['a large one', large, []],
  ['a large one of unknown length', large, [NO_LENGTH]],
]
const IGNORES_LOCKS = ['PutObject', 'CreateMultipartUpload', 'CompleteMultipartUpload'].map(
  (operation): Strike => ({ operation, fault: { kind: 'ignore-lock' } }),
)

/** Both objects carry a lock that ends so many days after the call, to the second. */
async function expectLocks(id: string, mode: string, days: number): Promise<void> {
  const until = new Date(Math.ceil((Date.parse(createdAt) + days * DAY_MS) / 1000) * 1000)
  for (const key of Object.values(keysOf(id)))
    expect(await world.head(key)).toMatchObject({ lockMode: mode, lockUntil: until })
  const { retention } = await world.json(keysOf(id).sidecar)
  expect(retention).toEqual({
    policy: { mode, days, countedFrom: 'createdAt' },
    lock: { mode, until: until.toISOString() },
  })
}

describe('retention', () => {
  it.for(FORMS)(
    'locks audio and sidecar, counted from the call and not from the upload: %s',
    async ([, audio, strikes]) => {
      const recording = await world.addRecording({ ...(audio && { audio }), metadata: { createdAt } })
      setStrikes(world, ...strikes)
      expect((await world.run([recording.id], { environment })).failed).toEqual([])
      setStrikes(world)
      await expectArchivedOnce(world, recording)
      await expectLocks(recording.id, 'COMPLIANCE', 365)
    },
  )

  it.for(FORMS)(
    'is set afterwards where the store passes over the lock of an upload: %s',
    async ([, audio, strikes]) => {
      const recording = await world.addRecording({ ...(audio && { audio }), metadata: { createdAt } })
      const { requests } = setStrikes(world, ...strikes, ...IGNORES_LOCKS)
      expect((await world.run([recording.id], { environment })).failed).toEqual([])
      setStrikes(world)
      expect(requests.filter(({ operation }) => operation === 'PutObjectRetention')).toHaveLength(2)
      await expectLocks(recording.id, 'COMPLIANCE', 365)
    },
  )

  it('is strengthened on audio that an earlier delivery left with a shorter lock', async () => {
    const recording = await world.addRecording({ metadata: { createdAt } })
    setStrikes(world, {
      operation: 'PutObject',
      key: /\.json$/,
      fault: { kind: 'error', status: 400, code: 'InvalidRequest' },
    })
    const weaker = { RETENTION_MODE: 'GOVERNANCE', RETENTION_DAYS: '200' }
    expect((await world.run([recording.id], { environment: weaker })).failed).toEqual(['message-0'])
    setStrikes(world)
    expect((await world.run([recording.id], { environment })).failed).toEqual([])
    await expectLocks(recording.id, 'COMPLIANCE', 365)
  })

  it.for([
    ['GOVERNANCE', 20_000, 'COMPLIANCE', 365],
    ['COMPLIANCE', 1, 'GOVERNANCE', 365],
  ] as const)(
    'found otherwise on such audio (%s for %i days) is added to, never weakened, and stops no batch: %s for %i days',
    async ([foundMode, foundDays, mode, days]) => {
      const recording = await world.addRecording({ metadata: { createdAt } })
      const key = keysOf(recording.id).audio
      const foundUntil = new Date(Math.ceil((Date.now() + foundDays * DAY_MS) / 1000) * 1000)
      await world.client.send(
        new PutObjectCommand({
          Bucket: 'archive',
          Key: key,
          Body: recording.audio,
          ObjectLockMode: foundMode,
          ObjectLockRetainUntilDate: foundUntil,
        }),
      )
      const wanted = { RETENTION_MODE: mode, RETENTION_DAYS: String(days) }
      const { failed, events } = await world.run([recording.id], { environment: wanted })
      expect(failed).toEqual([])
      expect(events.filter(({ event }) => event === 'batch.stopped')).toEqual([])
      const until = new Date(Math.ceil((Date.parse(createdAt) + days * DAY_MS) / 1000) * 1000)
      const lockUntil = foundUntil > until ? foundUntil : until
      expect(await world.head(key)).toMatchObject({ lockMode: 'COMPLIANCE', lockUntil })
      const { retention } = await world.json(keysOf(recording.id).sidecar)
      expect(retention.lock).toEqual({ mode: 'COMPLIANCE', until: lockUntil.toISOString() })
    },
  )

  it('that no store keeps is a configuration fault, told loudly, and nothing counts as archived', async () => {
    const recording = await world.addRecording({ metadata: { createdAt } })
    setStrikes(world, ...IGNORES_LOCKS, { operation: 'PutObjectRetention', fault: { kind: 'ignore-lock' } })
    const { failed, events } = await world.run([recording.id], { environment })
    setStrikes(world)
    expect(failed).toEqual(['message-0'])
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'batch.stopped',
        level: 'error',
        reason: 'misconfigured',
        detail: expect.stringContaining('enable Object Lock') as unknown,
      }),
    )
    expect(await versionsOf(world, recording.id)).toEqual([keysOf(recording.id).audio])
  })

  it('that is over already leaves the objects unlocked, and the sidecar says so', async () => {
    const recording = await world.addRecording({ metadata: { createdAt } })
    const past = { RETENTION_MODE: 'COMPLIANCE', RETENTION_DAYS: '99' }
    expect((await world.run([recording.id], { environment: past })).failed).toEqual([])
    const sidecar = await expectArchivedOnce(world, recording)
    expect(sidecar['retention']).toEqual({
      policy: { mode: 'COMPLIANCE', days: 99, countedFrom: 'createdAt' },
      lock: null,
    })
    for (const key of Object.values(keysOf(recording.id)))
      expect(await world.head(key)).toMatchObject({ lockMode: undefined, lockUntil: undefined })
  })

  it.for([
    ['small', undefined],
    ['large', large],
  ] as const)(
    'in a bucket without Object Lock is a configuration fault that says what to do: a %s one',
    async ([, audio]) => {
      const recording = await world.addRecording({ ...(audio && { audio }) })
      const unlockable = { ...environment, ARCHIVE_BUCKET: 'bird-media' }
      const { failed, events } = await world.run([recording.id], { environment: unlockable })
      expect(failed).toEqual(['message-0'])
      expect(events).toContainEqual(
        expect.objectContaining({
          event: 'batch.stopped',
          reason: 'misconfigured',
          detail: expect.stringContaining('RETENTION_MODE') as unknown,
        }),
      )
      await expectNothingOf(world, recording.id)
    },
  )
})

describe('a bucket that a person has to mend', () => {
  it('stops the batch where it refuses a look without a word, as every refused HEAD is', async () => {
    const recording = await world.addRecording()
    setStrikes(world, { operation: 'HeadObject', fault: { kind: 'respond', status: 403 } })
    const { failed, events } = await world.run([recording.id])
    setStrikes(world)
    expect(failed).toEqual(['message-0'])
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'batch.stopped',
        reason: 'misconfigured',
        detail: expect.stringContaining('grant it') as unknown,
      }),
    )
  })

  it.for([
    ['AccessDenied', 403, 'PutObject', 'grant it'],
    ['AccessDenied', 403, 'GetObject', 'grant it'],
    ['AccessDenied', 403, 'CreateMultipartUpload', 'grant it'],
    ['NoSuchBucket', 404, 'GetObject', 'does not exist'],
    ['NoSuchBucket', 404, 'PutObject', 'does not exist'],
  ] as const)(
    'stops the batch and says what to do: %s (%s) from %s',
    async ([code, status, operation, mend]) => {
      const audio = operation === 'CreateMultipartUpload' ? large : undefined
      const recording = await world.addRecording({ ...(audio && { audio }) })
      setStrikes(world, { operation, fault: { kind: 'error', status, code } })
      const others = Array.from({ length: 3 }, () => randomUUID())
      const { failed, events } = await world.run([recording.id, ...others], {
        environment: { CONCURRENCY: '1' },
      })
      setStrikes(world)
      expect(failed).toEqual(['message-0', 'message-1', 'message-2', 'message-3'])
      const stopped = events.filter(({ event }) => event === 'batch.stopped')
      expect(stopped).toEqual([
        expect.objectContaining({
          reason: 'misconfigured',
          detail: expect.stringContaining(mend) as unknown,
        }),
      ])
      const links = world.bird.requests.filter(({ path }) => others.some((id) => path.endsWith(`${id}.mp3`)))
      expect(links).toEqual([])
      await expectNothingOf(world, recording.id)
    },
  )
})
