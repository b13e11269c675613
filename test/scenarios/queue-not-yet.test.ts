import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { deadLettersOf, expectArchivedOnce, expectNothingOf } from '../helpers/archived.ts'
import { type QueueFront, startQueueFront } from '../helpers/queue-front.ts'
import { setStrikes } from '../helpers/strikes.ts'
import { startWorld, type World } from '../helpers/world.ts'

let world: World
let sqs: QueueFront
beforeAll(async () => {
  world = await startWorld()
  sqs = await startQueueFront()
})
afterAll(async () => {
  await sqs[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})
beforeEach(() => {
  sqs.calls.length = 0
  sqs.refuse = () => undefined
})

const HOUR_MS = 3_600_000
const throttled = (retryAfter: string) => ({
  status: 429,
  headers: { 'retry-after': retryAfter },
  body: { code: 'TooManyRequests', message: 'Too many requests' },
})
const textOf = (attributes: unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(attributes as Record<string, MessageAttributeValue>).map(([name, { StringValue }]) => [
      name,
      StringValue,
    ]),
  )

describe('a recording that is not yet available', () => {
  it.for(['accepted', 'ongoing', 'paused', 'completed', 'a-status-of-tomorrow'])(
    'is acknowledged and sent again: %s',
    async (status) => {
      const { id } = await world.addRecording({ metadata: { status } })
      const { failed } = await world.run([id])
      expect(failed).toEqual([])
      expect(sqs.calls).toHaveLength(1)
      expect(sqs.calls[0]?.input).toMatchObject({
        QueueUrl: world.env['QUEUE_URL'],
        MessageBody: id,
        DelaySeconds: 60,
      })
      await expectNothingOf(world, id)
    },
  )

  it.for([
    [0, 60],
    [1, 120],
    [2, 240],
    [3, 480],
    [4, 900],
    [5, 900],
    [1_000_000, 900],
  ] as const)(
    'is looked at again after growing delays: deferred %i times, %i s',
    async ([deferrals, delay]) => {
      const { id } = await world.addRecording({ metadata: { status: 'ongoing' } })
      const body = ` {"recordingId": "${id.toUpperCase()}", "note": "kept as it is"} `
      const firstSeenAt = new Date(Date.now() - 2 * HOUR_MS).toISOString()
      await world.run([{ body, attributes: { firstSeenAt, deferrals: String(deferrals), tenant: 'acme' } }])
      const [call] = sqs.calls
      expect(call?.input).toMatchObject({ MessageBody: body, DelaySeconds: delay })
      expect(textOf(call?.input['MessageAttributes'])).toEqual({
        firstSeenAt,
        deferrals: String(deferrals + 1),
        tenant: 'acme',
      })
    },
  )

  it('counts from when its first message was sent', async () => {
    const { id } = await world.addRecording({ metadata: { status: 'ongoing' } })
    const sentAt = new Date(Date.now() - 5 * HOUR_MS)
    await world.run([{ body: id, sentAt }])
    expect(textOf(sqs.calls[0]?.input['MessageAttributes'])).toEqual({
      firstSeenAt: sentAt.toISOString(),
      deferrals: '1',
    })
  })

  it('is dead-lettered as never-available after NOT_READY_HOURS, and not a minute before', async () => {
    const { id } = await world.addRecording({ metadata: { status: 'ongoing' } })
    const environment = { NOT_READY_HOURS: '3' }
    const seen = (ms: number) => ({
      body: id,
      attributes: { firstSeenAt: new Date(Date.now() - ms).toISOString(), deferrals: '14' },
    })
    await world.run([seen(3 * HOUR_MS - 60_000)], { environment })
    expect(sqs.calls.map(({ input }) => input['QueueUrl'])).toEqual([world.env['QUEUE_URL']])
    expect((await world.run([seen(3 * HOUR_MS)], { environment })).failed).toEqual([])
    const letters = await deadLettersOf(world, id)
    expect(letters).toHaveLength(1)
    expect(letters[0]?.body).toBe(id)
    expect(letters[0]?.attributes).toMatchObject({
      reason: 'never-available',
      detail: expect.stringContaining('still ongoing 3 h after') as unknown,
    })
  })

  it('starts anew when a person moves its message back from the dead-letter queue', async () => {
    const { id } = await world.addRecording({ metadata: { status: 'ongoing' } })
    const sentAt = new Date(Date.now() - 60_000)
    const old = new Date(Date.now() - 100 * HOUR_MS).toISOString()
    const marks = { reason: 'never-available', detail: 'still ongoing', originalMessageId: 'message-9' }
    const attributes = { ...marks, firstSeenAt: old, deferrals: '14', tenant: 'acme' }
    expect((await world.run([{ body: id, sentAt, attributes }])).failed).toEqual([])
    expect(await deadLettersOf(world, id)).toEqual([])
    expect(sqs.calls[0]?.input).toMatchObject({ QueueUrl: world.env['QUEUE_URL'], DelaySeconds: 60 })
    expect(textOf(sqs.calls[0]?.input['MessageAttributes'])).toEqual({
      firstSeenAt: sentAt.toISOString(),
      deferrals: '1',
      tenant: 'acme',
    })
  })

  it('is archived when the message that comes back finds it available', async () => {
    const recording = await world.addRecording()
    const { metadata = [] } = world.bird.scripts.get(recording.id) ?? {}
    const [available] = metadata
    metadata.splice(0, 1, {
      status: 200,
      body: { ...(available as { body: object }).body, status: 'completed' },
    })
    await world.run([recording.id])
    if (available !== undefined) metadata.splice(0, 1, available)
    let returned: Message | undefined
    // Messages of other tests may come first; a queue that stays empty ends the search.
    for (let batch: Message[] | undefined; returned === undefined && batch?.length !== 0;) {
      batch = await world.received('queue', 2)
      returned = batch.find(({ Body }) => Body === recording.id)
    }
    expect(returned).toBeDefined()
    const { Body = '', MessageAttributes = {} } = returned ?? {}
    const attributes = textOf(MessageAttributes) as Record<string, string>
    expect((await world.run([{ body: Body, attributes }])).failed).toEqual([])
    await expectArchivedOnce(world, recording)
  })

  it.for([
    ['refuses it', 400, 'InvalidParameterValue'],
    ['is out of order', 500, 'InternalFailure'],
  ] as const)('is reported failed, not lost, when the queue %s', async ([, status, code]) => {
    const { id } = await world.addRecording({ metadata: { status: 'ongoing' } })
    const good = await world.addRecording()
    sqs.refuse = () => ({ status, code })
    const { failed } = await world.run([id, good.id])
    expect(sqs.calls.length).toBeGreaterThan(0)
    expect(failed).toEqual(['message-0'])
    await expectArchivedOnce(world, good)
  })

  it.for(['absent', 'failed'])(
    'but never will be is acknowledged, and nothing is sent or stored: %s',
    async (status) => {
      const { id } = await world.addRecording({ metadata: { status } })
      const { failed, events } = await world.run([id])
      expect(failed).toEqual([])
      expect(events).toContainEqual(
        expect.objectContaining({ event: 'recording.nothing-to-archive', status }),
      )
      expect(sqs.calls).toEqual([])
      await expectNothingOf(world, id)
    },
  )
})

describe('being throttled', () => {
  it.for([
    ['120', 120],
    ['7200', 900],
  ] as const)(
    'is no attempt: sent again after Retry-After %s, and the deferrals stay',
    async ([retryAfter, delay]) => {
      const { id } = await world.addRecording({ metadataReplies: [throttled(retryAfter)] })
      const attributes = { firstSeenAt: new Date(Date.now() - HOUR_MS).toISOString(), deferrals: '3' }
      const { failed } = await world.run([{ body: id, attributes, attempt: 4 }])
      expect(failed).toEqual([])
      const delays = sqs.calls.map(({ input }) => input['DelaySeconds'] as number)
      expect(delays).toHaveLength(1)
      expect(delays[0]).toBeGreaterThan(delay - 10)
      expect(delays[0]).toBeLessThanOrEqual(delay)
      expect(textOf(sqs.calls[0]?.input['MessageAttributes'])).toEqual(attributes)
    },
  )

  it('never dead-letters, however long ago the recording was first seen', async () => {
    const { id } = await world.addRecording({ metadataReplies: [throttled('300')] })
    const attributes = { firstSeenAt: new Date(Date.now() - 900 * HOUR_MS).toISOString(), deferrals: '99' }
    expect((await world.run([{ body: id, attributes }])).failed).toEqual([])
    expect(sqs.calls.map(({ input }) => input['QueueUrl'])).toEqual([world.env['QUEUE_URL']])
  })

  it('at the media link is the same as at the API', async () => {
    const { id } = await world.addRecording()
    setStrikes(world, {
      bucket: 'bird-media',
      operation: 'GetObject',
      fault: { kind: 'respond', status: 429, headers: { 'retry-after': '600' } },
    })
    expect((await world.run([id])).failed).toEqual([])
    setStrikes(world)
    expect(sqs.calls.map(({ input }) => input['DelaySeconds'])).toEqual([600])
    await expectNothingOf(world, id)
  })
})
