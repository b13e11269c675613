import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type DeadLetterQueues, startDeadLetterQueues } from '../helpers/dead-letter-queues.ts'
import { runWithin } from '../helpers/run-within.ts'
import type { Finished } from './command.ts'

let queues: DeadLetterQueues
beforeAll(async () => {
  queues = await startDeadLetterQueues()
})
afterAll(() => queues[Symbol.asyncDispose]())
beforeEach(() => queues.reset())

const run = (environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Finished> =>
  runWithin(['dlq', ...args], {
    BIRD_WORKSPACE_ID: 'ours',
    ARCHIVE_BUCKET: 'archive',
    AWS_REGION: 'eu-west-1',
    ...queues.environment,
    ...environment,
  })

test.each([
  ['list'],
  ['redrive', '--all'],
  ['drop', '--all', '--because', 'clean up', '--by', 'anna'],
  ['drop', '--all', '--because', 'clean up', '--by', 'anna', '--dry-run'],
])('with the two queues swapped, what waits is not taken for dead letters: dlq %s', async (...args) => {
  await queues.put(randomUUID())
  const before = await queues.bodies()
  const { QUEUE_URL = '', DEAD_LETTER_QUEUE_URL = '' } = queues.environment
  const { code, stdout, stderr } = await run(
    { QUEUE_URL: DEAD_LETTER_QUEUE_URL, DEAD_LETTER_QUEUE_URL: QUEUE_URL },
    ...args,
  )
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('QUEUE_URL and DEAD_LETTER_QUEUE_URL are swapped')
  expect(await queues.bodies()).toEqual(before)
})

test('one queue for both is refused', async () => {
  const { QUEUE_URL = '' } = queues.environment
  const { code, stderr } = await run({ DEAD_LETTER_QUEUE_URL: QUEUE_URL }, 'list')
  expect(code).toBe(2)
  expect(stderr).toContain('QUEUE_URL and DEAD_LETTER_QUEUE_URL name the same queue')
})

test('a reason that no letter has, and that this archiver never gives, is no success', async () => {
  await queues.put(randomUUID(), { reason: 'conflict' })
  const misspelt = await run({}, 'redrive', '--reason', 'bad-body')
  expect(misspelt).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no letter has the reason bad-body: see which there are'),
  })
  expect(await run({}, 'redrive', '--reason', 'never-available')).toMatchObject({ code: 0 })
  expect(await run({}, 'list', '--reason', 'conflict')).toMatchObject({ code: 0 })
})
