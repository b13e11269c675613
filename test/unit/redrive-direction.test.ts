import { expect, it } from 'vitest'
import { judgeQueues } from '../../lib/doctor/queue.ts'
import { findMismatch } from '../../lib/doctor/redrive.ts'

const policy = (deadLetterTargetArn: string) => JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 })
const QUEUE = { QueueArn: 'queue', RedrivePolicy: policy('dead') }
const DEAD = { QueueArn: 'dead' }

it.each([
  ['a queue and its dead letters', QUEUE, DEAD, undefined],
  ['neither of which may be seen', undefined, undefined, undefined],
  ['the second of which may not be seen', QUEUE, undefined, undefined],
  ['the first of which may not be seen', undefined, DEAD, undefined],
  ['the first of which has no policy', { QueueArn: 'queue' }, DEAD, undefined],
  [
    'whose dead letters have dead letters of their own',
    QUEUE,
    { ...DEAD, RedrivePolicy: policy('x') },
    undefined,
  ],
  ['that are swapped', DEAD, QUEUE, 'swapped'],
  ['that are swapped, the first of which may not be seen', undefined, QUEUE, 'swapped'],
  ['of two stages', QUEUE, { QueueArn: 'other-dead' }, 'strangers'],
  [
    'of two stages, both feeding functions',
    DEAD,
    { ...QUEUE, RedrivePolicy: policy('other-dead') },
    'strangers',
  ],
] as const)('two queues, %s', (_, queue, deadLetters, mismatch) => {
  expect(findMismatch(queue, deadLetters)).toBe(mismatch)
})

it('two that are swapped get no advice that would make it worse', () => {
  const findings = judgeQueues({
    queue: { kind: 'seen', value: DEAD },
    deadLetters: { kind: 'seen', value: QUEUE },
    functionTimeoutSeconds: 900,
  })
  expect(findings).toMatchObject([{ check: 'queue.swapped', level: 'fail' }])
  expect(JSON.stringify(findings)).not.toContain('set-queue-attributes')
})
