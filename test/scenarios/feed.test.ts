import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../lib/backfill/ledger.ts'
import { type Clock, systemClock } from '../../lib/deadline.ts'
import { ConfigurationError, StoreError } from '../../lib/errors.ts'
import { createFeed, type Feed } from '../../lib/sqs/feed.ts'
import { createSender, type Sender } from '../../lib/sqs/send.ts'
import { type DeadLetterQueues, startDeadLetterQueues } from '../helpers/dead-letter-queues.ts'

const FIRST_SEEN = new Date('2026-10-01T08:00:00.000Z')
const NO_ROOM = { line: 'not-yet', reason: 'waits-for-room-in-the-queue' }
const MAX_QUEUED = 10
const POLL_MS = 5_000
const never = new AbortController().signal
const TIME = { signal: never, mayStart: () => true }

let queues: DeadLetterQueues
let queueUrl: string
let client: SQSClient
let sender: Sender
let feed: Feed
let pauses: number[]
let waits: number[]
/** What happens while a full queue is waited for. */
let whileWaiting: () => Promise<void>

beforeAll(async () => {
  queues = await startDeadLetterQueues()
  queueUrl = queues.environment['QUEUE_URL'] ?? ''
  client = new SQSClient({ useQueueUrlAsEndpoint: false, maxAttempts: 1 })
  const clock: Clock = {
    ...systemClock,
    async pause(ms, signal) {
      pauses.push(ms)
      await whileWaiting()
      signal.throwIfAborted()
    },
  }
  sender = createSender(queueUrl, { ...systemClock, pause: async () => undefined })
  feed = createFeed({ client, queueUrl, sender, maxQueued: MAX_QUEUED, pollMs: POLL_MS, clock })
})
afterAll(async () => {
  sender.close()
  client.destroy()
  await queues[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await queues.reset()
  pauses = []
  waits = []
  whileWaiting = () => Promise.reject(new Error('nothing should be waited for'))
})

const entriesOf = (count: number, first = 0): Entry[] =>
  Array.from({ length: count }, (_, index) => ({
    recordingId: `${String(first + index).padStart(8, '0')}-0000-4000-8000-000000000000`,
    line: 'sent',
    reason: 'available',
    firstSeenAt: new Date(FIRST_SEEN.getTime() + index),
    sentAt: new Date('2026-10-03T12:00:00Z'),
  }))
/** Lets so many messages wait in the queue. */
async function fill(count: number): Promise<void> {
  await sender.send(Array.from({ length: count }, (_, index) => ({ body: String(index), attributes: {} })))
  queues.sqs.calls.length = 0
}
const send = (entries: readonly Entry[], time = TIME) =>
  feed.send('ws', entries, time, (waiting) => void waits.push(waiting))
const callsOf = (operation: string) => queues.sqs.calls.filter((call) => call.operation === operation)
const sizes = (): number[] =>
  callsOf('SendMessageBatch').map(({ input }) => (input['Entries'] as unknown[]).length)
/** What lies in the queue of ours. */
async function queued() {
  const ours = (await queues.kept('queue')).filter(({ body }) => body.startsWith('{'))
  return ours
    .map(({ body, messageAttributes }) => ({
      ...(JSON.parse(body) as { recordingId: string; workspaceId: string }),
      firstSeenAt: messageAttributes['firstSeenAt']?.StringValue,
    }))
    .toSorted((a, b) => (a.recordingId < b.recordingId ? -1 : 1))
}
const asQueued = (entries: readonly Entry[]) =>
  entries.map(({ recordingId, firstSeenAt }) => ({
    recordingId,
    workspaceId: 'ws',
    firstSeenAt: firstSeenAt.toISOString(),
  }))

describe('recordings that are sent to the queue', () => {
  it('go in tens, each with the moment at which it was met first', async () => {
    const entries = entriesOf(23)
    expect(await send(entries)).toEqual(new Map())
    expect(await queued()).toEqual(asQueued(entries))
    expect(sizes()).toEqual([10, 10, 3])
    expect(callsOf('GetQueueAttributes')).toHaveLength(1)
  })

  it('are none: nothing is asked of the queue', async () => {
    expect(await send([])).toEqual(new Map())
    expect(queues.sqs.calls).toEqual([])
  })

  it('go at once while fewer wait than may, those being worked on not counted', async () => {
    await fill(MAX_QUEUED)
    const receive = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 1 })
    await client.send(receive)
    expect(await feed.count(never)).toEqual({ waiting: MAX_QUEUED - 1, all: MAX_QUEUED })
    expect(await send(entriesOf(2))).toEqual(new Map())
    expect(await queued()).toHaveLength(2)
    expect([waits, pauses]).toEqual([[], []])
  })
})

describe('a queue that is deep', () => {
  it('is waited for until it has room, and nothing is sent before', async () => {
    await fill(MAX_QUEUED + 1)
    whileWaiting = async () => {
      expect(await queued()).toEqual([])
      if (pauses.length === 3) await queues.reset()
    }
    const entries = entriesOf(3)
    expect(await send(entries)).toEqual(new Map())
    expect(await queued()).toEqual(asQueued(entries))
    expect(waits).toEqual([MAX_QUEUED + 1, MAX_QUEUED + 1, MAX_QUEUED + 1])
    expect(pauses).toEqual([POLL_MS, POLL_MS, POLL_MS])
  })

  it('is deep when exactly as many wait as may, and looked at again after each 500', async () => {
    await fill(MAX_QUEUED)
    whileWaiting = () => queues.reset()
    const entries = entriesOf(1_001)
    expect(await send(entries)).toEqual(new Map())
    // Drained before each: what was sent before is gone by then.
    expect(await queued()).toEqual(asQueued(entries.slice(1_000)))
    expect(waits).toEqual([MAX_QUEUED, 500, 500])
  })

  it('keeps those that find no room in time, each with the reason', async () => {
    await fill(MAX_QUEUED)
    const entries = entriesOf(12)
    const unsent = await send(entries, { signal: never, mayStart: () => false })
    expect([...unsent]).toEqual(entries.map(({ recordingId }) => [recordingId, NO_ROOM]))
    expect(sizes()).toEqual([])
    expect([waits, pauses]).toEqual([[], []])
  })

  it('keeps the rest where the time ends while it is waited for', async () => {
    whileWaiting = async () => undefined
    let looks = 0
    const entries = entriesOf(502)
    const unsent = await send(entries, { signal: never, mayStart: () => (looks += 1) < 3 })
    expect([...unsent]).toEqual(entries.slice(500).map(({ recordingId }) => [recordingId, NO_ROOM]))
    expect(await queued()).toEqual(asQueued(entries.slice(0, 500)))
    expect(pauses).toEqual([POLL_MS, POLL_MS])
  })

  it('is no longer waited for once the run is stopped', async () => {
    await fill(MAX_QUEUED)
    const stop = new AbortController()
    const reason = new Error('stopped')
    whileWaiting = async () => stop.abort(reason)
    await expect(send(entriesOf(1), { ...TIME, signal: stop.signal })).rejects.toBe(reason)
    await expect(send(entriesOf(1), { ...TIME, signal: stop.signal })).rejects.toBe(reason)
    expect(sizes()).toEqual([])
  })
})

describe('a queue that refuses', () => {
  it('one message, tells which and why; the others are sent', async () => {
    const entries = entriesOf(15)
    const { recordingId = '' } = entries[12] ?? {}
    queues.sqs.script = async ({ operation, input }, pass) => {
      if (operation !== 'SendMessageBatch') return pass()
      const all = input['Entries'] as { Id: string; MessageBody: string }[]
      const bad = all.findIndex(({ MessageBody }) => MessageBody.includes(recordingId))
      const Failed = all.splice(bad, bad < 0 ? 0 : 1).map(({ Id }) => ({
        Id,
        Code: 'InvalidMessageContents',
        Message: 'not allowed',
        SenderFault: true,
      }))
      return { ...(await pass()), Failed }
    }
    expect([...(await send(entries))]).toEqual([
      [
        recordingId,
        { line: 'refused', reason: 'the queue did not take it: InvalidMessageContents: not allowed' },
      ],
    ])
    expect(await queued()).toEqual(asQueued(entries.toSpliced(12, 1)))
    expect(sizes()).toEqual([10, 4])
  })

  it('all of them for a while, is asked again until it takes them', async () => {
    let refused = 0
    queues.sqs.script = async ({ operation }, pass) =>
      operation === 'SendMessageBatch' && (refused += 1) <= 3 ? { refused: 'InternalFailure' } : pass()
    const entries = entriesOf(4)
    expect(await send(entries)).toEqual(new Map())
    expect(await queued()).toEqual(asQueued(entries))
  })

  it('all of them for good, tells so of each', async () => {
    queues.sqs.script = async ({ operation }, pass) =>
      operation === 'SendMessageBatch' ? { refused: 'InvalidBatchEntryId' } : pass()
    const entries = entriesOf(2)
    const unsent = await send(entries)
    expect([...unsent.keys()]).toEqual(entries.map(({ recordingId }) => recordingId))
    for (const why of unsent.values())
      expect(why).toMatchObject({
        line: 'refused',
        reason: expect.stringMatching(/^the queue did not take it: ./),
      })
  })

  it.each([
    ['GetQueueAttributes', 'QueueDoesNotExist', 'QUEUE_URL names a queue that does not exist'],
    ['SendMessageBatch', 'QueueDoesNotExist', 'QUEUE_URL names a queue that does not exist'],
    ['GetQueueAttributes', 'AccessDenied', 'the queue of QUEUE_URL: they need sqs:GetQueueAttributes'],
  ])('to answer %s (%s) says what has to be mended: %s', async (asked, refused, mend) => {
    queues.sqs.script = async ({ operation }, pass) => (operation === asked ? { refused } : pass())
    const failed = send(entriesOf(2))
    await expect(failed).rejects.toThrow(ConfigurationError)
    await expect(failed).rejects.toThrow(mend)
  })

  it.each([
    [{ Attributes: { ApproximateNumberOfMessages: '3' } }, 'SQS named no number of messages'],
    [{}, 'SQS named no number of messages'],
    [{ refused: 'InternalFailure' }, 'InternalFailure'],
  ])('to be counted gets nothing: %j', async (answer, why) => {
    queues.sqs.script = async () => answer
    const failed = send(entriesOf(2))
    await expect(failed).rejects.toThrow(StoreError)
    await expect(failed).rejects.toThrow(new RegExp(`^the queue cannot be counted: .*${why}`))
    expect(sizes()).toEqual([])
  })
})
