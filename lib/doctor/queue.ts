import { type Finding, noteFor, type Seen } from './finding.ts'
import { findMismatch, judgeRedrive, judgeRedriveAllow } from './redrive.ts'

/** A queue's attributes by SQS's names for them. */
export type QueueAttributes = Readonly<Record<string, string | undefined>>

export interface QueueFacts {
  readonly queue: Seen<QueueAttributes>
  readonly deadLetters: Seen<QueueAttributes>
  /** Undefined where nobody told. */
  readonly functionTimeoutSeconds: number | undefined
}

const DAY_SECONDS = 86_400
const note = noteFor('queue')

/**
 * Judges the queue that feeds the function and its dead-letter queue.
 * Source: Lambda Developer Guide, "Using Lambda with SQS": visibility ≥ 6 × the function's timeout, maxReceiveCount ≥ 5.
 */
export function judgeQueues({ queue, deadLetters, functionTimeoutSeconds }: QueueFacts): Finding[] {
  const own = queue.kind === 'seen' ? queue.value : undefined
  const dead = deadLetters.kind === 'seen' ? deadLetters.value : undefined
  const [ownArn = '', deadArn] = [own?.['QueueArn'], dead?.['QueueArn']]
  if (findMismatch(own, dead) === 'swapped')
    return [
      note.fail(
        'queue.swapped',
        'QUEUE_URL and DEAD_LETTER_QUEUE_URL are swapped: the queue of the second sends its failures to the first',
        'dead letters would be worked on, and recordings that wait would be taken for dead letters',
        'exchange the values of QUEUE_URL and DEAD_LETTER_QUEUE_URL',
      ),
    ]
  return [
    judgeExistence('queue', 'QUEUE_URL', queue),
    judgeExistence('dead-letters', 'DEAD_LETTER_QUEUE_URL', deadLetters),
    ...(own === undefined
      ? []
      : [
          ...judgeKind(ownArn),
          judgeRedrive(own['RedrivePolicy'], deadArn),
          judgeVisibility(own, functionTimeoutSeconds),
          judgeEncryption('queue', own),
        ]),
    ...(dead === undefined
      ? []
      : [
          judgeEncryption('dead-letters', dead),
          judgeRetention(dead, own),
          judgeRedriveAllow(dead['RedriveAllowPolicy'], ownArn),
          ...judgeBacklog(dead),
        ]),
  ]
}

function judgeExistence(name: string, setting: string, seen: Seen<QueueAttributes>): Finding {
  const check = `${name}.exists`
  if (seen.kind === 'seen') return note.ok(check, `${nameOf(seen.value)} exists`)
  if (seen.kind === 'none')
    return note.fail(
      check,
      `there is no queue at ${setting}`,
      name === 'queue'
        ? 'nothing feeds the archiver'
        : 'what only a person can mend would have nowhere to go',
      `set ${setting} to the URL that the stack's outputs name, and AWS_REGION to its region`,
    )
  if (seen.kind === 'failed')
    return note.fail(
      check,
      `SQS does not let itself be asked about ${setting}: ${seen.detail}`,
      'no message can be received or sent while the queue cannot be reached',
      'check AWS credentials, AWS_REGION and AWS_ENDPOINT_URL_SQS',
    )
  return note.unknown(
    check,
    `cannot tell how the queue at ${setting} is set up: access denied`,
    'it may not exist, or these credentials may not look at it',
    `run it with credentials that have ${seen.right}`,
  )
}

function judgeKind(arn: string): Finding[] {
  if (!arn.endsWith('.fifo')) return []
  return [
    note.fail(
      'queue.kind',
      'the queue is a FIFO queue',
      'recordings that are not ready are sent again with a delay, which FIFO queues refuse for single messages',
      'use a standard queue',
    ),
  ]
}

function judgeVisibility(own: QueueAttributes, timeoutSeconds: number | undefined): Finding {
  const check = 'queue.visibility'
  const visibility = Number(own['VisibilityTimeout'])
  if (timeoutSeconds === undefined)
    return note.unknown(
      check,
      `cannot tell whether the visibility timeout of ${visibility} s is long enough`,
      "it must be six times the function's timeout, or two workers get the same message",
      'tell the timeout: bird-archive doctor --function-timeout SECONDS',
    )
  const wanted = 6 * timeoutSeconds
  if (visibility >= wanted)
    return note.ok(check, `the visibility timeout of ${visibility} s is at least 6 × ${timeoutSeconds} s`)
  return note.fail(
    check,
    `the visibility timeout is ${visibility} s, less than 6 × the function's ${timeoutSeconds} s`,
    'a message would be delivered again while it is worked on, and count as failed',
    `aws sqs set-queue-attributes --queue-url "$QUEUE_URL" --attributes VisibilityTimeout=${wanted}`,
  )
}

function judgeEncryption(name: 'queue' | 'dead-letters', attributes: QueueAttributes): Finding {
  const check = `${name}.encryption`
  const key = attributes['KmsMasterKeyId']
  if ((key !== undefined && key !== '') || attributes['SqsManagedSseEnabled'] === 'true')
    return note.ok(check, `${nameOf(attributes)} is encrypted`)
  const variable = name === 'queue' ? 'QUEUE_URL' : 'DEAD_LETTER_QUEUE_URL'
  return note.warn(
    check,
    `${nameOf(attributes)} is not encrypted at rest`,
    'messages name recordings and workspaces',
    `aws sqs set-queue-attributes --queue-url "$${variable}" --attributes SqsManagedSseEnabled=true`,
  )
}

function judgeRetention(dead: QueueAttributes, own: QueueAttributes | undefined): Finding {
  const check = 'dead-letters.retention'
  const seconds = Number(dead['MessageRetentionPeriod'])
  const ownSeconds = Number(own?.['MessageRetentionPeriod'] ?? 0)
  const mend =
    'aws sqs set-queue-attributes --queue-url "$DEAD_LETTER_QUEUE_URL" --attributes MessageRetentionPeriod=1209600'
  const days = Math.floor(seconds / DAY_SECONDS)
  if (!(seconds >= 7 * DAY_SECONDS))
    return note.fail(
      check,
      `dead letters are kept for ${days} days only`,
      'they are gone before somebody is back from a holiday, and the recordings with them',
      mend,
    )
  if (seconds < ownSeconds)
    return note.warn(
      check,
      'dead letters are kept for a shorter time than messages in the queue',
      'SQS counts from the first sending: a message that has waited long expires soon after its move',
      mend,
    )
  return note.ok(check, `dead letters are kept for ${days} days`)
}

function judgeBacklog(dead: QueueAttributes): Finding[] {
  const waiting = Number(dead['ApproximateNumberOfMessages'] ?? 0)
  if (!(waiting > 0)) return []
  return [
    note.warn(
      'dead-letters.waiting',
      `about ${waiting} dead letters wait`,
      'each is a recording that is not archived',
      'docs/operations.md says what to do about each reason',
    ),
  ]
}

function nameOf(attributes: QueueAttributes): string {
  return attributes['QueueArn']?.split(':').at(-1) ?? 'the queue'
}
