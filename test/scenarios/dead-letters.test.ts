import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../lib/errors.ts'
import { type DeadLetterQueues, startDeadLetterQueues } from '../helpers/dead-letter-queues.ts'

let queues: DeadLetterQueues
const never = new AbortController().signal

beforeAll(async () => {
  queues = await startDeadLetterQueues()
})
afterAll(() => queues[Symbol.asyncDispose]())
beforeEach(() => queues.reset())

describe('looking through the queue', () => {
  it('tells of each letter once, and leaves all of them visible as they were', async () => {
    const ids = await queues.putMany(57, {
      reason: 'conflict',
      detail: 'two digests',
      firstSeenAt: '2026-11-01T10:00:00Z',
    })
    const { letters: seen, complete } = await queues.letters.peek(10_000, never)
    expect(complete).toBe(true)
    expect(seen.map(({ recordingId }) => recordingId ?? '').toSorted()).toEqual(ids)
    expect(seen[0]).toMatchObject({
      reason: 'conflict',
      detail: 'two digests',
      firstSeenAt: new Date('2026-11-01T10:00:00Z'),
      workspaceId: undefined,
      unreadable: undefined,
    })
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
    const visible = await queues.kept('dead-letters')
    expect(
      visible.every(({ messageAttributes }) => messageAttributes['detail']?.StringValue === 'two digests'),
    ).toBe(true)
  })

  it('asks for all attributes, and with long polls: a short one may be answered as if the queue were empty', async () => {
    await queues.letters.peek(10, never)
    const polls = queues.sqs.calls.filter(({ operation }) => operation === 'ReceiveMessage')
    expect(polls.length).toBeGreaterThan(0)
    for (const { input } of polls) {
      expect(input['WaitTimeSeconds']).toBeGreaterThan(0)
      expect(input['MessageAttributeNames']).toEqual(['All'])
    }
  })

  it('gives what SQS itself moved the reason failed-too-often, and nothing of a body that cannot be read', async () => {
    await queues.put('call +49 170 1234567', {})
    const [letter] = (await queues.letters.peek(10, never)).letters
    expect(letter).toMatchObject({ reason: 'failed-too-often', detail: undefined, recordingId: undefined })
    expect(letter?.unreadable).toEqual({
      bytes: 20,
      sha256: '5674f98166f4b2750e24830eda40deb9e9129a851cc5675357179ab4d9c9ff15',
    })
    expect(JSON.stringify(letter)).not.toContain('1234567')
  })

  it('says so when there are more than it may remember', async () => {
    const ids = await queues.putMany(30)
    expect(await queues.letters.peek(30, never)).toMatchObject({ complete: true })
    const { letters: seen, complete } = await queues.letters.peek(29, never)
    expect({ seen: seen.length, complete }).toEqual({ seen: 29, complete: false })
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
  })

  it('does not call itself complete when an answer was lost, whose letters are hidden now', async () => {
    await queues.putMany(15)
    let isFirst = true
    queues.sqs.script = async ({ operation }, pass) => {
      const answer = await pass()
      if (operation !== 'ReceiveMessage' || !isFirst) return answer
      isFirst = false
      return 'lost'
    }
    const { letters: seen, complete } = await queues.letters.peek(100, never)
    expect({ seen: seen.length, complete }).toEqual({ seen: 5, complete: false })
  })

  it.for([
    ['is stopped', 'lost in thought', undefined],
    ['is refused in the middle', ConfigurationError, 'AccessDenied'],
  ] as const)('lets go of all that it has read when it %s', async ([, thrown, refused]) => {
    const ids = await queues.putMany(45)
    const stop = new AbortController()
    let polls = 0
    queues.sqs.script = async ({ operation }, pass) => {
      if (operation === 'ReceiveMessage' && ++polls === 3) {
        if (refused !== undefined) return { refused }
        stop.abort(new Error('lost in thought'))
      }
      return await pass()
    }
    await expect(queues.letters.peek(100, stop.signal)).rejects.toThrow(thrown)
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
  })

  it.for([
    ['ReceiveMessage', 'QueueDoesNotExist', 'DEAD_LETTER_QUEUE_URL names a queue that does not exist'],
    ['ReceiveMessage', 'AccessDenied', 'sqs:ReceiveMessage'],
    ['ReceiveMessage', 'KmsAccessDenied', 'kms:Decrypt'],
    ['ReceiveMessage', 'InvalidClientTokenId', 'the AWS access key is unknown'],
    ['ChangeMessageVisibilityBatch', 'AccessDeniedException', 'sqs:ChangeMessageVisibility'],
  ] as const)('says what to mend when SQS refuses: %s, %s', async ([refusing, refused, mend]) => {
    await queues.putMany(1)
    queues.sqs.script = ({ operation }, pass) =>
      operation === refusing ? Promise.resolve({ refused }) : pass()
    const failure = await queues.letters.peek(10, never).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ConfigurationError)
    expect(String(failure)).toContain(mend)
  })
})
