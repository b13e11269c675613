import { createDeadLetters } from '../sqs/dead-letters.ts'
import { readDlqConfig } from './dlq-environment.ts'
import { createLetterFilter } from './dlq-filter.ts'
import { requireChoice, type SettleOptions, settleLetters } from './dlq-settle.ts'

/** Sends letters back to the queue. Resolves to the exit code. */
export async function redriveLetters(ids: readonly string[], options: SettleOptions): Promise<number> {
  const filter = await createLetterFilter(ids, options, new Date())
  requireChoice(filter, options)
  const queues = readDlqConfig(process.env, { bucket: false })
  const deadLetters = createDeadLetters(queues.queueUrl, queues.deadLetterQueueUrl)
  try {
    const settle = deadLetters.sendBack
    return await settleLetters({ deadLetters, queues, filter, settle, done: 'sent back' }, options)
  } finally {
    deadLetters.close()
  }
}
