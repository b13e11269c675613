import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type DeadLetterQueues, startDeadLetterQueues } from '../helpers/dead-letter-queues.ts'
import { runWithin } from '../helpers/run-within.ts'
import { type Finished, jsonLines, start } from './command.ts'

let queues: DeadLetterQueues
beforeAll(async () => {
  queues = await startDeadLetterQueues()
})
afterAll(() => queues[Symbol.asyncDispose]())
beforeEach(() => queues.reset())

async function dlq(...args: string[]): Promise<Finished> {
  return await runWithin(['dlq', ...args], queues.environment)
}

const DIGESTS = `stored ${'0918273645abcdef'.repeat(4)}, offered ${'5463728190fedcba'.repeat(4)}`
const SECRETS = ['1234567', 'geheim', 'top-secret-key']

/** One letter of each kind, ids sorted by kind. */
async function putKinds(): Promise<{ waiting: string; conflict: string; moved: string }> {
  const ids = { waiting: randomUUID(), conflict: randomUUID(), moved: randomUUID() }
  const detail = 'still ongoing 24 h after 2026-11-20T10:00:00.000Z'
  await queues.put(ids.waiting, {
    reason: 'never-available',
    detail,
    firstSeenAt: '2026-11-20T10:00:00.000Z',
  })
  await queues.put(ids.conflict, { reason: 'conflict', detail: `the key holds other bytes: ${DIGESTS}` })
  await queues.put(ids.moved)
  await queues.put('call +49 170 1234567', { reason: 'unreadable-message', detail: 'neither id nor JSON' })
  await queues.put(JSON.stringify({ recordingId: randomUUID(), workspaceId: 'other' }), {
    reason: 'by hand \u001b[31m',
    detail: 'https://s3.example/x?token=geheim AccessKey top-secret-key +49 170 1234567',
  })
  return ids
}

describe('list', () => {
  test('shows each letter and what to do about each reason, and changes nothing', async () => {
    const ids = await putKinds()
    const before = await queues.bodies()
    const { code, stdout, stderr } = await dlq('list')
    expect(code).toBe(0)
    expect(stdout).toContain('5 dead letters')
    expect(stdout).toMatch(
      new RegExp(`${ids.waiting} +never-available +0 min +still ongoing 24 h after 2026-`),
    )
    expect(stdout).toMatch(new RegExp(`${ids.conflict} +conflict +0 min +.*${DIGESTS}`))
    expect(stdout).toMatch(new RegExp(`${ids.moved} +failed-too-often +0 min$`, 'm'))
    expect(stdout).toMatch(/a body of 20 bytes, SHA-256 5674f98166f4/)
    expect(stdout).toMatch(/never-available +1 {2}ask Bird/)
    expect(stdout).toMatch(/by hand .* +1 {2}this archiver gives no such reason/)
    for (const secret of [...SECRETS, '\u001b']) expect(stdout + stderr).not.toContain(secret)
    expect(await queues.bodies()).toEqual(before)
  })

  test('has every fact in its JSON, and a summary', async () => {
    const { waiting } = await putKinds()
    const { stdout } = await dlq('list', '--json')
    const lines = jsonLines(stdout)
    expect(lines).toHaveLength(6)
    expect(lines.find(({ recordingId }) => recordingId === waiting)).toEqual({
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      recordingId: waiting,
      workspaceId: null,
      reason: 'never-available',
      detail: 'still ongoing 24 h after 2026-11-20T10:00:00.000Z',
      firstSeenAt: '2026-11-20T10:00:00.000Z',
      sentAt: expect.stringMatching(/Z$/) as unknown,
    })
    expect(lines.find(({ workspaceId }) => workspaceId === 'other')).toBeDefined()
    expect(lines.at(-1)).toMatchObject({ summary: { letters: 5, complete: true, reasons: { conflict: 1 } } })
    for (const secret of SECRETS) expect(stdout).not.toContain(secret)
  })

  test('narrows down, and says of an id that is not there that it is not', async () => {
    const { waiting, moved } = await putKinds()
    const gone = randomUUID()
    const args = [
      '--json',
      waiting,
      '--id',
      moved,
      '--id',
      gone,
      '--reason',
      'never-available',
      '--reason',
      'x',
    ]
    const { code, stdout, stderr } = await dlq('list', ...args)
    expect(code).toBe(1)
    expect(jsonLines(stdout).map(({ recordingId }) => recordingId)).toEqual([waiting, undefined])
    expect(stderr).toContain(`${gone} has no letter in the dead-letter queue`)
    expect(stderr).not.toContain(moved)
  })

  test('of an empty queue says that it is empty; with a limit, that there are more', async () => {
    expect((await dlq('list')).stdout).toBe('No dead letters.\n')
    await queues.putMany(3)
    const { code, stdout, stderr } = await dlq('list', '--limit', '2')
    expect({ code, title: stdout.split('\n')[0] }).toEqual({ code: 0, title: '2 dead letters' })
    expect(stderr).toContain('there may be more')
  })
})

describe('redrive', () => {
  test('sends back what is wanted, attributes and all, and leaves the rest', async () => {
    const { waiting, ...others } = await putKinds()
    const before = await queues.kept('dead-letters')
    const { code, stdout } = await dlq('redrive', '--reason', 'never-available')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1 letter sent back.\n' })
    const [sent, ...more] = await queues.kept('queue')
    expect(more).toEqual([])
    const { messageAttributes } = before.find(({ body }) => body === waiting) ?? {}
    expect(sent).toMatchObject({ body: waiting, messageAttributes })
    const { deadLetters, hidden } = await queues.bodies()
    expect({ deadLetters: deadLetters.length, hidden }).toEqual({ deadLetters: 4, hidden: [] })
    expect(deadLetters).toEqual(expect.arrayContaining(Object.values(others)))
  })

  test('tells programs what became of each', async () => {
    const ids = await queues.putMany(2)
    const lines = jsonLines((await dlq('redrive', '--all', '--json')).stdout)
    expect(
      lines
        .slice(0, 2)
        .map(({ recordingId }) => String(recordingId))
        .toSorted(),
    ).toEqual(ids)
    expect(lines.map(({ outcome }) => outcome)).toEqual(['sent-back', 'sent-back', undefined])
    expect(lines[2]).toMatchObject({ summary: { letters: 2, settled: 2, stayed: 0, complete: true } })
  })

  test('only tells what it would do in a dry run', async () => {
    const ids = await queues.putMany(2)
    const { code, stdout } = await dlq('redrive', '--all', '--dry-run')
    expect(code).toBe(0)
    for (const id of ids) expect(stdout).toContain(`${id}  failed-too-often`)
    expect(stdout).toContain('2 letters would be sent back.')
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
  })

  test('names what the queue did not take, and exits with 1', async () => {
    const [id = ''] = await queues.putMany(1)
    const Failed = [{ Id: '0', Code: 'InternalError', Message: 'not now', SenderFault: false }]
    queues.sqs.script = ({ operation }, pass) =>
      operation === 'SendMessageBatch' ? Promise.resolve({ Failed }) : pass()
    const { code, stdout, stderr } = await dlq('redrive', id)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '0 letters sent back. 1 letter stayed.\n' })
    expect(stderr).toContain(`${id} stays: InternalError: not now`)
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: [id], hidden: [] })
  })

  test('that is killed between sending and deleting leaves the letter in both queues, hidden in one', async () => {
    const [id = ''] = await queues.putMany(1)
    const command = start(['dlq', 'redrive', id], queues.environment)
    queues.sqs.script = async ({ operation }, pass) => {
      if (operation !== 'DeleteMessageBatch') return await pass()
      command.child.kill('SIGKILL')
      return 'lost'
    }
    expect((await command.done).code).toBeNull()
    expect(await queues.bodies()).toEqual({ queue: [id], deadLetters: [], hidden: [id] })
    const { stdout, stderr } = await dlq('list')
    expect(stdout).toBe('No dead letters.\n')
    expect(stderr).toContain('About 1 letter could not be seen')
  })

  test('that is stopped by Ctrl-C lets go of what it has read', async () => {
    const ids = await queues.putMany(60)
    const command = start(['dlq', 'redrive', '--reason', 'conflict', ...ids], queues.environment)
    const heard = new Promise((resolve) => {
      command.child.stderr?.on('data', (text: string) => text.includes('No other letter') && resolve(text))
    })
    queues.sqs.script = async ({ operation }, pass) => {
      const answer = await pass()
      if (operation === 'ReceiveMessage') {
        command.child.kill('SIGINT')
        await heard
      }
      return answer
    }
    expect((await command.done).code).toBe(130)
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
  })

  test.each([
    ['nothing', [], 'or say --all'],
    ['all and not all', ['--all', '--reason', 'conflict'], '--all goes with no ids'],
    ['what is no id', ['abc'], "can't be read"],
    ['a duration that is none', ['--older-than', '2 weeks'], 'a duration like 30min, 6h or 2d'],
  ])('refuses %s', async (_, args, message) => {
    const ids = await queues.putMany(1)
    const { code, stdout, stderr } = await dlq('redrive', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
  })
})

test.each([
  ['nothing is set', {}, ['QUEUE_URL is not set', 'DEAD_LETTER_QUEUE_URL is not set']],
  [
    'both are the same',
    { QUEUE_URL: 'https://sqs.example/1/a', DEAD_LETTER_QUEUE_URL: 'https://sqs.example/1/a' },
    ['name the same queue'],
  ],
  ['one is a FIFO queue', { QUEUE_URL: 'https://sqs.example/1/a.fifo' }, ['QUEUE_URL is a FIFO queue']],
])('the environment is refused when %s', async (_, environment, faults) => {
  const { code, stderr } = await runWithin(['dlq', 'list'], environment)
  expect(code).toBe(2)
  for (const fault of faults) expect(stderr).toContain(fault)
  expect(stderr).not.toContain('BIRD_ACCESS_KEY')
})
