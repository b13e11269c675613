import { expect, test } from 'vitest'
import { judgeClock } from '../../lib/doctor/clock.ts'
import type { Level } from '../../lib/doctor/finding.ts'
import { judgeQueues, type QueueAttributes } from '../../lib/doctor/queue.ts'

const deadArn = 'arn:aws:sqs:eu-west-1:1:dead'
const own: QueueAttributes = {
  QueueArn: 'arn:aws:sqs:eu-west-1:1:live',
  VisibilityTimeout: '360',
  MessageRetentionPeriod: '1209600',
  SqsManagedSseEnabled: 'true',
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: 5 }),
}
const dead: QueueAttributes = {
  QueueArn: deadArn,
  MessageRetentionPeriod: '1209600',
  KmsMasterKeyId: 'alias/aws/sqs',
  ApproximateNumberOfMessages: '0',
}

function levelsOf(
  queue: QueueAttributes,
  deadLetters: QueueAttributes = {},
  functionTimeoutSeconds: number | undefined = 60,
): Record<string, Level> {
  const findings = judgeQueues({
    queue: { kind: 'seen', value: { ...own, ...queue } },
    deadLetters: { kind: 'seen', value: { ...dead, ...deadLetters } },
    functionTimeoutSeconds,
  })
  return Object.fromEntries(findings.map(({ check, level }) => [check, level]))
}
const allow = (policy: object): QueueAttributes => ({ RedriveAllowPolicy: JSON.stringify(policy) })
const redrive = (policy: object): QueueAttributes => ({ RedrivePolicy: JSON.stringify(policy) })

test('queues that are as they should be are in order', () => {
  expect(new Set(Object.values(levelsOf({})))).toEqual(new Set(['ok']))
})

test.each<[string, QueueAttributes, QueueAttributes, string, Level]>([
  ['no redrive policy', { RedrivePolicy: undefined }, {}, 'queue.redrive', 'fail'],
  ['a redrive policy that is no JSON', { RedrivePolicy: '{' }, {}, 'queue.redrive', 'fail'],
  [
    'another dead-letter queue',
    redrive({ deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:1:x', maxReceiveCount: 5 }),
    {},
    'queue.redrive',
    'fail',
  ],
  [
    'four receives',
    redrive({ deadLetterTargetArn: deadArn, maxReceiveCount: '4' }),
    {},
    'queue.redrive',
    'fail',
  ],
  ['no count', redrive({ deadLetterTargetArn: deadArn }), {}, 'queue.redrive', 'fail'],
  ['a second too short', { VisibilityTimeout: '359' }, {}, 'queue.visibility', 'fail'],
  ['no encryption', { SqsManagedSseEnabled: 'false' }, {}, 'queue.encryption', 'warn'],
  ['no encryption there', {}, { KmsMasterKeyId: undefined }, 'dead-letters.encryption', 'warn'],
  ['a FIFO queue', { QueueArn: 'arn:aws:sqs:eu-west-1:1:live.fifo' }, {}, 'queue.kind', 'fail'],
  ['6 days and 23 hours', {}, { MessageRetentionPeriod: '604799' }, 'dead-letters.retention', 'fail'],
  [
    'a shorter time than in the queue',
    {},
    { MessageRetentionPeriod: '604800' },
    'dead-letters.retention',
    'warn',
  ],
  [
    'dead letters of another queue only',
    {},
    allow({ redrivePermission: 'byQueue', sourceQueueArns: ['arn:aws:sqs:eu-west-1:1:x'] }),
    'dead-letters.redrive-allow',
    'fail',
  ],
  [
    'dead letters of this queue',
    {},
    allow({ redrivePermission: 'byQueue', sourceQueueArns: [own['QueueArn']] }),
    'dead-letters.redrive-allow',
    'ok',
  ],
  ['dead letters of none', {}, allow({ redrivePermission: 'denyAll' }), 'dead-letters.redrive-allow', 'fail'],
  ['a permission that is no JSON', {}, { RedriveAllowPolicy: '{' }, 'dead-letters.redrive-allow', 'fail'],
  ['dead letters', {}, { ApproximateNumberOfMessages: '3' }, 'dead-letters.waiting', 'warn'],
])('%s', (_what, queue, deadLetters, check, level) => {
  expect(levelsOf(queue, deadLetters)[check]).toBe(level)
})

test('seven days suffice for dead letters where the queue keeps messages no longer', () => {
  const week = { MessageRetentionPeriod: '604800' }
  expect(levelsOf(week, week)['dead-letters.retention']).toBe('ok')
})

test('what cannot be known is not judged: the timeout, a queue that is denied', () => {
  const findings = judgeQueues({
    queue: { kind: 'seen', value: own },
    deadLetters: { kind: 'denied', right: 'sqs:GetQueueAttributes' },
    functionTimeoutSeconds: undefined,
  })
  const levels = Object.fromEntries(findings.map(({ check, level }) => [check, level]))
  expect(levels).toEqual({
    'queue.exists': 'ok',
    'dead-letters.exists': 'unknown',
    'queue.redrive': 'ok',
    'queue.visibility': 'unknown',
    'queue.encryption': 'ok',
  })
})

test('a queue that is not there, or cannot be reached, fails', () => {
  const findings = judgeQueues({
    queue: { kind: 'none' },
    deadLetters: { kind: 'failed', detail: 'Could not load credentials' },
    functionTimeoutSeconds: 60,
  })
  expect(findings.map(({ check, level }) => `${check} ${level}`)).toEqual([
    'queue.exists fail',
    'dead-letters.exists fail',
  ])
})

test.each<[number, Level]>([
  [0, 'ok'],
  [60, 'ok'],
  [-60, 'ok'],
  [61, 'warn'],
  [-300, 'warn'],
  [301, 'fail'],
  [-301, 'fail'],
])('a clock that is %i s off is %s', (seconds, level) => {
  const date = 'Mon, 23 Nov 2026 20:00:00 GMT'
  const receivedMs = Date.parse(date) + seconds * 1000
  expect(judgeClock({ server: 'S3', date, receivedMs }).level).toBe(level)
  expect(judgeClock({ server: 'S3', date: undefined, receivedMs }).level).toBe('unknown')
  expect(judgeClock({ server: 'S3', date: 'today', receivedMs }).level).toBe('unknown')
})
