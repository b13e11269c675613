import { type Finding, noteFor } from './finding.ts'

const note = noteFor('queue')

/** Whether the queue sends what fails for ever to the dead-letter queue, and not too early. */
export function judgeRedrive(redrivePolicy: string | undefined, deadArn: string | undefined): Finding {
  const check = 'queue.redrive'
  const policy = readRedrive(redrivePolicy)
  const mend = `aws sqs set-queue-attributes --queue-url "$QUEUE_URL" --attributes '${JSON.stringify({
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadArn ?? '<ARN>', maxReceiveCount: '5' }),
  })}'`
  if (policy === undefined)
    return note.fail(
      check,
      'the queue has no redrive policy',
      'a message that fails for ever is retried until it expires: then the recording is lost silently',
      mend,
    )
  if (deadArn !== undefined && policy.target !== deadArn)
    return note.fail(
      check,
      `the redrive policy leads to ${policy.target.split(':').at(-1) ?? ''}, which is not the queue of DEAD_LETTER_QUEUE_URL`,
      'failed messages would lie where no alarm looks',
      mend,
    )
  if (!(policy.maxReceiveCount >= 5))
    return note.fail(
      check,
      `maxReceiveCount is ${policy.maxReceiveCount}`,
      'throttled invocations count as receives: messages that were never tried end as dead letters',
      mend,
    )
  return note.ok(check, `after ${policy.maxReceiveCount} failures a message goes to the dead-letter queue`)
}

/**
 * Whether one queue's failures can be told to lead somewhere else than to the other: then the two are swapped, or of two
 * stages. Undefined where nothing speaks for that; what may not be seen says nothing.
 */
export function findMismatch(
  queue: Readonly<Record<string, string | undefined>> | undefined,
  deadLetters: Readonly<Record<string, string | undefined>> | undefined,
): 'swapped' | 'strangers' | undefined {
  const [own, dead] = [queue?.['QueueArn'], deadLetters?.['QueueArn']]
  const [target, back] = [
    readRedrive(queue?.['RedrivePolicy'])?.target,
    readRedrive(deadLetters?.['RedrivePolicy'])?.target,
  ]
  if (target !== undefined && target === dead) return undefined
  if (back !== undefined && (own === undefined || back === own)) return 'swapped'
  return back !== undefined || (target !== undefined && dead !== undefined) ? 'strangers' : undefined
}

function readRedrive(text: string | undefined): { target: string; maxReceiveCount: number } | undefined {
  const policy = parseObject(text)
  const target = policy?.['deadLetterTargetArn']
  return typeof target === 'string'
    ? { target, maxReceiveCount: Number(policy?.['maxReceiveCount']) }
    : undefined
}

/**
 * Whether the dead-letter queue takes what the queue sends it. Without a policy it takes messages from any queue of the
 * account. Source: SQS Developer Guide, "Configuring a dead-letter queue", redrive allow policy.
 */
export function judgeRedriveAllow(redriveAllowPolicy: string | undefined, ownArn: string): Finding {
  const check = 'dead-letters.redrive-allow'
  const policy = parseObject(redriveAllowPolicy)
  const permission = policy?.['redrivePermission'] ?? 'allowAll'
  const sources = policy?.['sourceQueueArns']
  const mend = `aws sqs set-queue-attributes --queue-url "$DEAD_LETTER_QUEUE_URL" --attributes '${JSON.stringify(
    {
      RedriveAllowPolicy: JSON.stringify({
        redrivePermission: 'byQueue',
        sourceQueueArns: [ownArn === '' ? '<ARN>' : ownArn],
      }),
    },
  )}'`
  // Without the ARN of the queue only a refusal of all can be told.
  const takes =
    permission === 'allowAll' ||
    (permission === 'byQueue' && (ownArn === '' || (Array.isArray(sources) && sources.includes(ownArn))))
  if (takes) return note.ok(check, 'the dead-letter queue takes what the queue sends it')
  return note.fail(
    check,
    'the dead-letter queue takes nothing from this queue',
    'a message that fails for ever has nowhere to go and expires: then the recording is lost silently',
    mend,
  )
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined || text === '') return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return { redrivePermission: 'unreadable' }
  }
}
