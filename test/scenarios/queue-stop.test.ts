import type { Context } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeArchiveFunction } from '../../lib/compose.ts'
import { expectArchivedOnce, expectNothingOf } from '../helpers/archived.ts'
import { eventOf } from '../helpers/sqs-events.ts'
import { setStrikes } from '../helpers/strikes.ts'
import { startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('a key that Bird does not take', () => {
  it.for([
    [401, 'BIRD_ACCESS_KEY'],
    [403, 'policy'],
  ] as const)(
    'stops the batch with what to mend, and costs no more calls than were under way: %i',
    async ([status, mend]) => {
      const recordings = await Promise.all(
        Array.from({ length: 10 }, () =>
          world.addRecording({ metadataReplies: [{ status, body: { code: 'Denied', message: 'not you' } }] }),
        ),
      )
      const asked = world.bird.requests.length
      const { failed, events } = await world.run(
        recordings.map(({ id }) => id),
        { environment: { CONCURRENCY: '3' } },
      )
      expect(failed).toEqual(recordings.map((_, at) => `message-${at}`))
      expect(world.bird.requests.length - asked).toBeGreaterThan(0)
      expect(world.bird.requests.length - asked).toBeLessThanOrEqual(3)
      const stopped = events.filter(({ event }) => event === 'batch.stopped')
      expect(stopped).toEqual([
        expect.objectContaining({ level: 'error', detail: expect.stringContaining(mend) as unknown }),
      ])
      for (const { id } of recordings) await expectNothingOf(world, id)
      expect(await world.received('dead-letters')).toEqual([])
      expect(await world.received('queue')).toEqual([])
    },
  )

  it("fails one message and no other when it is only that message's own workspace that is forbidden", async () => {
    const foreign = await world.addRecording({
      metadataReplies: [{ status: 403, body: { code: 'Denied', message: 'not yours' } }],
    })
    const good = await world.addRecording()
    const message = JSON.stringify({ recordingId: foreign.id, workspaceId: 'another-workspace' })
    const { failed, events } = await world.run([message, good.id], { environment: { CONCURRENCY: '1' } })
    expect(failed).toEqual(['message-0'])
    expect(events.map(({ event }) => event)).not.toContain('batch.stopped')
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'recording.failed', reason: 'misconfigured' }),
    )
    await expectArchivedOnce(world, good)
  })

  it('leaves what was archived before it acknowledged, with its row', async () => {
    const good = await world.addRecording()
    const stalled = await world.addRecording()
    const bad = await world.addRecording({ metadataReplies: [{ status: 401, body: {} }] })
    // Its transfer keeps the only place, while the next one is looked up.
    setStrikes(world, {
      bucket: 'bird-media',
      key: new RegExp(stalled.id),
      operation: 'GetObject',
      fault: { kind: 'body', stallAfterBytes: 1000 },
    })
    const ids = [good.id, stalled.id, bad.id, bad.id]
    const { failed } = await world.run(ids, { environment: { CONCURRENCY: '1' } })
    setStrikes(world)
    expect(failed).toEqual(['message-1', 'message-2', 'message-3'])
    await expectArchivedOnce(world, good)
  })
})

describe('a faulty environment', () => {
  it('is told in one line that names every fault, and thrown, so that SQS keeps the whole batch', async () => {
    const lines: { name: string; fields: { faults?: readonly string[] } }[] = []
    const handler = composeArchiveFunction(
      {
        ...world.env,
        ARCHIVE_BUCKET: 's3://archive',
        BIRD_WORKSPACE_ID: '',
        CONCURRENCY: 'many',
        RETENTION_MODE: 'GOVERNANCE',
        RETENTION_DAY: '30',
        QUEUE_URL: 'recordings',
        MEDIA_ORIGINS: 'http://media.example',
      },
      {
        log: { event: (name, fields) => void lines.push({ name, fields: fields as { faults?: string[] } }) },
      },
    )
    const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 } as Context
    const { id } = await world.addRecording()
    const asked = world.bird.requests.length
    await expect(handler(eventOf([id]), context)).rejects.toThrow('ARCHIVE_BUCKET')
    expect(lines.map(({ name }) => name)).toEqual(['configuration.fault'])
    const faults = lines[0]?.fields.faults?.join('\n') ?? ''
    for (const name of [
      'ARCHIVE_BUCKET',
      'BIRD_WORKSPACE_ID',
      'CONCURRENCY',
      'RETENTION_DAYS',
      'RETENTION_DAY ',
      'QUEUE_URL',
      'MEDIA_ORIGINS',
    ])
      expect(faults).toContain(name)
    await expect(handler(eventOf([id]), context)).rejects.toThrow('ARCHIVE_BUCKET')
    expect(world.bird.requests).toHaveLength(asked)
  })
})
