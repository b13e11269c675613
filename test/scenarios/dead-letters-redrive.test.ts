import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseMessage } from '../../lib/archive/message.ts'
import { ConfigurationError } from '../../lib/errors.ts'
import type { DeadLetter } from '../../lib/sqs/dead-letter.ts'
import type { Fate, Round, RoundResult } from '../../lib/sqs/dead-letters.ts'
import { type DeadLetterQueues, startDeadLetterQueues } from '../helpers/dead-letter-queues.ts'

let queues: DeadLetterQueues

beforeAll(async () => {
  queues = await startDeadLetterQueues()
})
afterAll(() => queues[Symbol.asyncDispose]())
beforeEach(() => queues.reset())

interface Ended extends RoundResult {
  readonly fates: ReadonlyMap<string, Fate>
}

/** Sends back what is wanted; fates are told by recording. */
async function sendBack(round: Partial<Round> = {}): Promise<Ended> {
  const fates = new Map<string, Fate>()
  const result = await queues.letters.goThrough({
    wants: () => true,
    limit: 1000,
    settle: queues.letters.sendBack,
    onFate: (letter, fate) => void fates.set(letter.recordingId ?? letter.messageId, fate),
    signal: new AbortController().signal,
    ...round,
  })
  return { ...result, fates }
}

const textOf = (text: string): { DataType: string; StringValue: string } => ({
  DataType: 'String',
  StringValue: text,
})

describe('a letter that is sent back', () => {
  it('keeps its body and every attribute, whatever its type', async () => {
    const body = `{ "recordingId" : "${randomUUID()}" }`
    const marks = { reason: 'never-available', detail: 'still ongoing', originalMessageId: 'message-9' }
    const others = {
      priority: { DataType: 'Number.int', StringValue: '7' },
      picture: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 1, 254, 255]) },
    }
    await queues.put(body, { ...marks, firstSeenAt: '2026-01-01T00:00:00Z', tenant: 'Zoë' }, others)
    const before = await queues.kept('dead-letters')
    await sendBack()
    const after = await queues.kept('queue')
    expect(after.map((message) => message.body)).toEqual([body])
    expect(after[0]?.messageAttributes).toEqual(before[0]?.messageAttributes)
    expect(Object.keys(after[0]?.messageAttributes ?? {})).toHaveLength(7)
    expect(await queues.bodies()).toMatchObject({ deadLetters: [], hidden: [] })
  })

  it('is given a reason if SQS moved it, so that its waiting time starts anew', async () => {
    const id = randomUUID()
    await queues.put(id, { firstSeenAt: '2026-01-01T00:00:00.000Z', deferrals: '12' })
    await sendBack()
    const [message] = await queues.kept('queue')
    expect(message?.messageAttributes).toEqual({
      firstSeenAt: textOf('2026-01-01T00:00:00.000Z'),
      deferrals: textOf('12'),
      reason: textOf('failed-too-often'),
    })
    const attributes = Object.fromEntries(
      Object.entries(message?.messageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]),
    )
    const sentAt = new Date()
    expect(parseMessage({ body: id, attributes, sentAt }, 'w')).toMatchObject({
      request: { firstSeenAt: sentAt, deferrals: 0 },
    })
  })

  it('goes without one where it has ten attributes already', async () => {
    const ten = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`theirs${at}`, 'x']))
    await queues.put(randomUUID(), ten)
    await sendBack()
    const [message] = await queues.kept('queue')
    expect(Object.keys(message?.messageAttributes ?? {}).toSorted()).toEqual(Object.keys(ten))
  })

  it('has what SQS says of it now for its reason, not what it carries from the time before', async () => {
    await queues.put(randomUUID(), { reason: 'never-available', detail: 'still ongoing' })
    queues.sqs.script = async ({ operation }, pass) => {
      const answer = await pass()
      if (operation !== 'ReceiveMessage') return answer
      const { Messages = [] } = answer as { Messages?: { Attributes: object }[] }
      const moved = { DeadLetterQueueSourceArn: 'arn:aws:sqs:eu-west-1:000000000000:recordings' }
      return { Messages: Messages.map((one) => ({ ...one, Attributes: { ...one.Attributes, ...moved } })) }
    }
    const seen: DeadLetter[] = []
    await sendBack({ onFate: (letter) => void seen.push(letter) })
    expect(seen).toEqual([expect.objectContaining({ reason: 'failed-too-often', detail: undefined })])
  })
})

describe('of many letters', () => {
  it('just the wanted ones go, up to the limit; all others are visible at once after', async () => {
    const [ours, theirs] = [await queues.putMany(25, { reason: 'conflict' }), await queues.putMany(25)]
    const round = { wants: ({ reason }: DeadLetter) => reason === 'conflict', limit: 12 }
    const { fates, complete } = await sendBack(round)
    expect([...fates.values()]).toEqual(Array.from({ length: 12 }, () => ({ kind: 'gone' })))
    expect(complete).toBe(false)
    const gone = [...fates.keys()].toSorted()
    expect(await queues.bodies()).toEqual({
      queue: gone,
      deadLetters: [...ours.filter((id) => !gone.includes(id)), ...theirs].toSorted(),
      hidden: [],
    })
    expect((await sendBack({ ...round, limit: 1000 })).complete).toBe(true)
    expect(await queues.bodies()).toEqual({ queue: ours, deadLetters: theirs, hidden: [] })
  })

  it('large ones go in several requests, each within what SQS takes', async () => {
    const large = Array.from({ length: 10 }, (_, at) => `${at}${'x'.repeat(200_000)}`)
    for (const body of large) await queues.put(body)
    await sendBack()
    expect((await queues.bodies()).queue).toEqual(large)
    const sent = queues.sqs.calls.filter(({ operation }) => operation === 'SendMessageBatch')
    expect(sent).toHaveLength(10)
  })

  it('those that are dead letters again while others are still read stay, and are counted', async () => {
    const ids = await queues.putMany(12)
    const back: (readonly [body: string, messageId: string])[] = []
    queues.sqs.script = async ({ operation, input }, pass) => {
      const answer = await pass()
      if (operation === 'SendMessageBatch') {
        const { Entries } = input as { Entries: { MessageBody: string }[] }
        const { Successful } = answer as { Successful: { MessageId: string }[] }
        back.push(...Entries.map((one, at) => [one.MessageBody, Successful[at]?.MessageId ?? ''] as const))
      }
      if (operation === 'DeleteMessageBatch')
        for (const [body, originalMessageId] of back.splice(0)) await queues.put(body, { originalMessageId })
      return answer
    }
    const { fates, cameBack } = await sendBack()
    expect({ gone: fates.size, cameBack }).toEqual({ gone: 12, cameBack: 12 })
    expect(await queues.bodies()).toEqual({ queue: ids, deadLetters: ids, hidden: [] })
  })
})

describe('nothing is lost', () => {
  it('when SQS refuses one of a batch: that one stays and says why, the others go', async () => {
    const ids = await queues.putMany(10)
    const bad = ids[3] ?? ''
    queues.sqs.script = async (call, pass) => {
      if (call.operation !== 'SendMessageBatch') return await pass()
      const { Entries } = call.input as { Entries: { Id: string; MessageBody: string }[] }
      const at = Entries.findIndex(({ MessageBody }) => MessageBody === bad)
      const [refused] = Entries.splice(at, 1)
      const answer = await pass()
      const Failed = [{ Id: refused?.Id, Code: 'InternalError', Message: 'not now', SenderFault: false }]
      return { ...answer, Failed }
    }
    const { fates } = await sendBack()
    expect(fates.get(bad)).toEqual({ kind: 'stays', why: 'InternalError: not now' })
    const others = ids.filter((id) => id !== bad)
    expect(await queues.bodies()).toEqual({ queue: others, deadLetters: [bad], hidden: [] })
  })

  it('when the answer to sending is lost: it is sent again, so that the queue has it twice', async () => {
    const [id = ''] = await queues.putMany(1)
    let isFirst = true
    queues.sqs.script = async ({ operation }, pass) => {
      const answer = await pass()
      if (operation !== 'SendMessageBatch' || !isFirst) return answer
      isFirst = false
      return 'lost'
    }
    await sendBack()
    expect(await queues.bodies()).toEqual({ queue: [id, id], deadLetters: [], hidden: [] })
  })

  it('when no answer to sending comes at all: the letter stays', async () => {
    const [id = ''] = await queues.putMany(1)
    queues.sqs.script = async ({ operation }, pass) =>
      operation === 'SendMessageBatch' ? 'lost' : await pass()
    const { fates } = await sendBack()
    expect(fates.get(id)?.kind).toBe('stays')
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: [id], hidden: [] })
  })

  it('when a sent letter cannot be deleted: it is in both queues, and that is told', async () => {
    const ids = await queues.putMany(30)
    queues.sqs.script = async ({ operation }, pass) =>
      operation === 'DeleteMessageBatch' ? { refused: 'AccessDenied' } : await pass()
    const fates: Fate[] = []
    const failure = sendBack({ onFate: (_letter, fate) => void fates.push(fate) })
    await expect(failure).rejects.toThrow('sqs:DeleteMessage')
    expect(fates.map(({ kind }) => kind)).toEqual(Array.from({ length: 10 }, () => 'undeleted'))
    const { queue, deadLetters, hidden } = await queues.bodies()
    expect({ sent: queue.length, deadLetters, hidden }).toEqual({ sent: 10, deadLetters: ids, hidden: [] })
  })

  it('when one of many sent letters cannot be deleted: that one is let go of', async () => {
    const ids = await queues.putMany(3)
    queues.sqs.script = async (call, pass) => {
      if (call.operation !== 'DeleteMessageBatch') return await pass()
      const { Entries } = call.input as { Entries: { Id: string }[] }
      const [kept] = Entries.splice(1, 1)
      return { ...(await pass()), Failed: [{ Id: kept?.Id, Code: 'InternalError', SenderFault: false }] }
    }
    const { fates } = await sendBack()
    const undeleted = [...fates].filter(([, { kind }]) => kind === 'undeleted').map(([id]) => id)
    expect(undeleted).toHaveLength(1)
    expect(await queues.bodies()).toEqual({ queue: ids, deadLetters: undeleted, hidden: [] })
  })

  it.for(['QueueDoesNotExist', 'AccessDenied'])('when the queue cannot be sent to: %s', async (refused) => {
    const ids = await queues.putMany(30)
    queues.sqs.script = async ({ operation }, pass) =>
      operation === 'SendMessageBatch' ? { refused } : await pass()
    await expect(sendBack()).rejects.toThrow(ConfigurationError)
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
    expect(queues.sqs.calls.filter(({ operation }) => operation === 'SendMessageBatch')).toHaveLength(1)
  })

  it('when whoever settles letters fails, or says nothing of them', async () => {
    const ids = await queues.putMany(3)
    await expect(sendBack({ settle: () => Promise.reject(new Error('no bucket')) })).rejects.toThrow(
      'no bucket',
    )
    const { fates } = await sendBack({ settle: () => Promise.resolve([]) })
    expect([...fates.values()].map(({ kind }) => kind)).toEqual(['stays', 'stays', 'stays'])
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
  })

  it('when it is stopped: what has begun comes to its end, and the rest is let go of', async () => {
    const ids = await queues.putMany(60)
    const stop = new AbortController()
    const { fates, complete } = await sendBack({ signal: stop.signal, onFate: () => stop.abort() })
    expect(complete).toBe(false)
    expect(fates.size).toBe(0)
    const { queue, deadLetters, hidden } = await queues.bodies()
    expect(queue).toHaveLength(10)
    expect([...queue, ...deadLetters].toSorted()).toEqual(ids)
    expect(hidden).toEqual([])
  })
})
