import type { DeadLetter } from '../sqs/dead-letter.ts'
import { createDeadLetters } from '../sqs/dead-letters.ts'
import { readDlqConfig } from './dlq-environment.ts'
import { createLetterFilter, type FilterOptions, formatAge } from './dlq-filter.ts'
import { countReasons, describeLetters, toJsonLetter } from './dlq-report.ts'
import { isWhole, printCaveats, type RoundEnd, runRound } from './dlq-round.ts'
import { EXIT } from './exit-codes.ts'
import { printHint, printJson, printLine } from './print.ts'

export interface ListOptions extends FilterOptions {
  readonly limit?: number
  readonly json?: true
}

const LIMIT = 10_000
const SOON_MS = 4 * 86_400_000

/** Lists letters without changing anything. Resolves to the exit code. */
export async function listLetters(ids: readonly string[], options: ListOptions): Promise<number> {
  const { limit = LIMIT, json = false } = options
  const queues = readDlqConfig(process.env, { bucket: false })
  const now = new Date()
  const filter = await createLetterFilter(ids, options, now)
  const deadLetters = createDeadLetters(queues.queueUrl, queues.deadLetterQueueUrl)
  const seen: DeadLetter[] = []
  try {
    const end = await runRound({
      deadLetters,
      queues,
      filter,
      // One more tells that there are more.
      limit: limit + 1,
      settle: (page) => Promise.resolve(page.map(() => ({ kind: 'stays', why: 'it is only looked at' }))),
      onFate: (letter) => void seen.push(letter),
      done: '',
      json,
    })
    if (end.error !== undefined) throw end.error
    const letters = seen.slice(0, limit)
    if (json) {
      for (const letter of letters) printJson(toJsonLetter(letter))
      printJson({
        summary: { letters: letters.length, complete: end.complete, reasons: countReasons(letters) },
      })
    } else {
      const columns = process.stdout.isTTY ? process.stdout.columns : Infinity
      for (const line of describeLetters(letters, now, columns)) printLine(line)
      warnOfForgetting(letters, end, now)
    }
    printCaveats(end)
    return end.signalled ?? (isWhole(end) ? EXIT.done : EXIT.incomplete)
  } finally {
    deadLetters.close()
  }
}

function warnOfForgetting(letters: readonly DeadLetter[], { retentionSeconds }: RoundEnd, now: Date): void {
  if (retentionSeconds === undefined || letters.length === 0) return
  const oldestMs = letters.reduce((oldest, { sentAt }) => Math.min(oldest, sentAt.getTime()), Infinity)
  const leftMs = oldestMs + retentionSeconds * 1000 - now.getTime()
  if (leftMs < SOON_MS) printHint(`SQS forgets the oldest of them in ${formatAge(leftMs)}.`)
}
