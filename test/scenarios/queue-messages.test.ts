import { randomUUID } from 'node:crypto'
import type { Context, SQSEvent } from 'aws-lambda'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { composeArchiveFunction } from '../../lib/compose.ts'
import { expectArchivedOnce, expectNothingOf } from '../helpers/archived.ts'
import { type QueueFront, startQueueFront } from '../helpers/queue-front.ts'
import { NO_LENGTH, setStrikes, type Strike } from '../helpers/strikes.ts'
import { startWorld, type World, WORKSPACE } from '../helpers/world.ts'

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

const sns = (message: string): string => JSON.stringify({ Type: 'Notification', Message: message })
const event = (detail: unknown): string =>
  JSON.stringify({ source: 'bird', 'detail-type': 'Recording', detail })

describe('a message in any of the known forms is archived', () => {
  it.for([
    ['a bare id', (id: string) => id],
    ['an id in capitals among blanks', (id: string) => `\n ${id.toUpperCase()} \n`],
    ['an object', (id: string) => JSON.stringify({ recordingId: id, more: [1] })],
    [
      'an object with its workspace',
      (id: string) => JSON.stringify({ recordingId: id, workspaceId: WORKSPACE }),
    ],
    ['an EventBridge event', (id: string) => event({ recordingId: id })],
    ['an SNS envelope around an id', (id: string) => sns(id)],
    ['an SNS envelope around an EventBridge event', (id: string) => sns(event({ recordingId: id }))],
  ] as const)('%s', async ([, write]) => {
    const recording = await world.addRecording()
    expect((await world.run([write(recording.id)])).failed).toEqual([])
    await expectArchivedOnce(world, recording)
  })
})

it('a message of which nothing is told but its id and body is archived', async () => {
  const recording = await world.addRecording()
  const handler = composeArchiveFunction(world.env, { log: { event: () => {} }, writeMetrics: () => {} })
  const bare = { Records: [{ messageId: 'bare', body: recording.id }] } as SQSEvent
  const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 } as Context
  expect(await handler(bare, context)).toEqual({ batchItemFailures: [] })
  await expectArchivedOnce(world, recording)
})

describe('a message that cannot be read', () => {
  const id = randomUUID()
  it.for([
    ['garbage', 'not a recording'],
    ['empty', ' '],
    ['a quarter of a megabyte of brackets', '['.repeat(250_000)],
    ['JSON without an id', '{"workspaceId":"w"}'],
    ['null', 'null'],
    ['an id that is a number', '{"recordingId":17}'],
    ['an id that leads elsewhere', '{"recordingId":"../../secrets"}'],
    ['a workspace that leads elsewhere', JSON.stringify({ recordingId: id, workspaceId: '../other' })],
    ['an SNS envelope around garbage', sns('garbage')],
    ['an EventBridge event without an id', event({})],
    ['an EventBridge event whose detail is text', event('nothing')],
    ['envelopes without an end', sns(sns(sns(sns(sns(id)))))],
  ])(
    'goes to the dead-letter queue at once, with the reason, while its batch goes on: %s',
    async ([, body = '']) => {
      const before = await world.addRecording()
      const after = await world.addRecording()
      const asked = world.bird.requests.length
      const { failed, events } = await world.run([before.id, { body, messageId: 'the-poison' }, after.id])
      expect(failed).toEqual([])
      expect(sqs.calls).toHaveLength(1)
      expect(sqs.calls[0]?.input).toMatchObject({
        QueueUrl: world.env['DEAD_LETTER_QUEUE_URL'],
        MessageBody: body,
        MessageAttributes: {
          reason: { StringValue: 'unreadable-message' },
          detail: { StringValue: expect.stringMatching(/^the body/) as unknown },
          originalMessageId: { StringValue: 'the-poison' },
        },
      })
      expect(events).toContainEqual(
        expect.objectContaining({ event: 'recording.dead-lettered', messageId: 'the-poison' }),
      )
      for (const { path } of world.bird.requests.slice(asked))
        expect([before.id, after.id].some((known) => path.includes(known))).toBe(true)
      for (const recording of [before, after]) await expectArchivedOnce(world, recording)
    },
  )

  it('is reported failed when the dead-letter queue does not take it', async () => {
    const good = await world.addRecording()
    sqs.refuse = () => ({ status: 400, code: 'AccessDenied' })
    expect((await world.run(['garbage', good.id])).failed).toEqual(['message-0'])
    await expectArchivedOnce(world, good)
  })

  it('with more attributes than SQS takes is dead-lettered all the same', async () => {
    const attributes = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`theirs${at}`, 'x']))
    expect((await world.run([{ body: 'garbage', attributes }])).failed).toEqual([])
    const sent = Object.keys(sqs.calls[0]?.input['MessageAttributes'] as object)
    expect(sent).toHaveLength(10)
    expect(sent).toContain('reason')
  })
})

describe('the answer to SQS', () => {
  it('to an empty batch is that nothing failed', async () => {
    expect((await world.run([])).response).toEqual({ batchItemFailures: [] })
  })

  it('names every message that failed in whatever way, and none else', async () => {
    const bodyless = { bucket: 'bird-media', operation: 'GetObject' } as const
    const [good, cut, refused, misled, broken] = await Promise.all(
      Array.from({ length: 5 }, () => world.addRecording()),
    )
    const ids = [good, cut, refused, misled, broken].map((one) => one?.id ?? '')
    world.bird.scripts.get(ids[3] ?? '')?.link.splice(0, 1, {
      status: 307,
      headers: { location: 'https://evil.example/audio.mp3' },
    })
    world.bird.scripts.get(ids[4] ?? '')?.metadata.splice(0, 1, { status: 200, body: '"no recording"' })
    setStrikes(
      world,
      { ...bodyless, key: new RegExp(ids[1] ?? ''), fault: { kind: 'respond', status: 400 } },
      {
        operation: 'PutObject',
        key: new RegExp(ids[2] ?? ''),
        fault: { kind: 'error', status: 400, code: 'InvalidRequest' },
      },
    )
    const { response } = await world.run(ids.map((body, at) => ({ body, messageId: `id-${at}` })))
    setStrikes(world)
    expect(response).toEqual({
      batchItemFailures: ['id-1', 'id-2', 'id-3', 'id-4'].map((itemIdentifier) => ({ itemIdentifier })),
    })
    if (good !== undefined) await expectArchivedOnce(world, good)
    for (const id of ids.slice(1)) await expectNothingOf(world, id)
  })
})

describe('deliveries that come again or out of order', () => {
  it('change nothing: not the bytes, not the sidecar, not the number of rows that count', async () => {
    const recordings = await Promise.all(Array.from({ length: 3 }, () => world.addRecording()))
    const ids = recordings.map(({ id }) => id)
    await world.run([ids[2] ?? '', ids[0] ?? '', ids[2] ?? ''])
    const first = await world.json(`recordings/${WORKSPACE}/${ids[2] ?? ''}.json`)
    const { failed } = await world.run([...ids, ...ids.toReversed()])
    expect(failed).toEqual([])
    for (const recording of recordings) await expectArchivedOnce(world, recording)
    expect(await world.json(`recordings/${WORKSPACE}/${ids[2] ?? ''}.json`)).toEqual(first)
  })

  it('need nothing of Bird once the sidecar is there, even if Bird has forgotten the recording', async () => {
    const recording = await world.addRecording()
    await world.run([recording.id])
    world.bird.scripts.delete(recording.id)
    const strikes: Strike[] = [NO_LENGTH]
    setStrikes(world, ...strikes)
    const { failed, events } = await world.run([recording.id])
    setStrikes(world)
    expect(failed).toEqual([])
    expect(events).toContainEqual(expect.objectContaining({ event: 'recording.already-archived' }))
    await expectArchivedOnce(world, recording)
  })
})
