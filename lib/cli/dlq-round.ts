import { findMismatch } from '../doctor/redrive.ts'
import { ConfigurationError, describeError } from '../errors.ts'
import type { DeadLetters, Round, RoundResult } from '../sqs/dead-letters.ts'
import { HIDDEN_SECONDS } from '../sqs/letter-receipts.ts'
import { inspectQueues } from '../sqs/inspect.ts'
import type { DlqConfig } from './dlq-environment.ts'
import type { LetterFilter } from './dlq-filter.ts'
import { count, printHint, printProblem } from './print.ts'
import { createProgress, NO_PROGRESS } from './progress.ts'
import { watchSignals } from './watch-signals.ts'

export interface RoundOrder {
  readonly deadLetters: DeadLetters
  readonly queues: DlqConfig
  readonly filter: LetterFilter
  readonly limit: number
  readonly settle: Round['settle']
  readonly onFate: Round['onFate']
  /** What is said of the letters that are settled: `sent back`. */
  readonly done: string
  readonly json: boolean
}

/** What a round came to. */
export interface RoundEnd extends RoundResult {
  /** What ended it before its time; it is thrown once what was done has been told. */
  readonly error: Error | undefined
  /** Whether it ended because of its limit. */
  readonly limited: boolean
  readonly missing: readonly string[]
  /** As of the filter. */
  readonly strange: readonly string[]
  /** Letters that somebody else held when the round began, as SQS estimates them; undefined where it may not be asked. */
  readonly heldByOthers: number | undefined
  /** For how long the queue keeps a message, in seconds. */
  readonly retentionSeconds: number | undefined
  readonly signalled: number | undefined
}

const HIDDEN_MINUTES = HIDDEN_SECONDS / 60
const NOTHING: RoundResult = { complete: false, cameBack: 0, hidden: undefined }

/** Goes through the queue as {@link DeadLetters.goThrough} does, with progress on stderr and Ctrl-C as a wish.
 * @throws ConfigurationError where the two queues are not one queue and its dead letters
 */
export async function runRound(order: RoundOrder): Promise<RoundEnd> {
  const { deadLetters, queues, filter, limit, settle, done, json } = order
  const before = await countBefore(queues)
  if (before.mismatch !== undefined) throw new ConfigurationError([MISMATCHES[before.mismatch]])
  const quiet = json || before.visible === undefined
  const progress = quiet ? NO_PROGRESS : createProgress('looking through', before.visible ?? 0)
  using signals = watchSignals({
    onFirst: () => progress.say('No other letter is begun with; those that were read are let go.'),
    onSecond: () => undefined,
  })
  let [looked, settled, taken] = [0, 0, 0]
  const round: Round = {
    wants(letter) {
      looked += 1
      progress.update(looked, settled === 0 ? '' : `${settled} ${done}`)
      return filter.wants(letter)
    },
    limit,
    settle,
    onFate(letter, fate) {
      taken += 1
      if (fate.kind === 'gone') settled += 1
      order.onFate(letter, fate)
    },
    signal: signals.stopped,
  }
  const [result, error] = await deadLetters
    .goThrough(round)
    .then((ended) => [ended, undefined] as const)
    .catch((failure: unknown) => [NOTHING, toError(failure)] as const)
  progress.stop()
  return {
    ...result,
    error,
    limited: taken >= limit,
    missing: filter.missing(),
    strange: filter.strange(),
    heldByOthers: before.held,
    retentionSeconds: before.retentionSeconds,
    signalled: signals.exitCode(),
  }
}

/** Whether all of what was asked for was found, up to the user's own limit, and nothing came back or was left hidden. */
export function isWhole({ error, complete, limited, missing, strange, cameBack, hidden }: RoundEnd): boolean {
  const sawAll = complete ? missing.length + strange.length === 0 : limited
  return error === undefined && sawAll && cameBack === 0 && hidden === undefined
}

/** Says on stderr what a reader of the results should know. */
export function printCaveats(end: RoundEnd): void {
  const { missing, strange, cameBack, hidden, heldByOthers = 0, complete, limited, error, signalled } = end
  for (const id of missing) if (complete) printProblem(`${id} has no letter in the dead-letter queue`)
  for (const reason of strange)
    if (complete)
      printProblem(`no letter has the reason ${reason}: see which there are with: bird-archive dlq list`)
  if (cameBack > 0)
    printProblem(`${count(cameBack, 'letter')} came back already; see why with: bird-archive dlq list`)
  if (hidden !== undefined)
    printProblem(
      `${count(hidden.letters, 'letter')} could not be let go of, and stay hidden for up to ${HIDDEN_MINUTES} minutes: ${describeError(hidden.error)}`,
    )
  if (heldByOthers > 0)
    printHint(
      `About ${count(heldByOthers, 'letter')} could not be seen: somebody else reads them. After a run that was killed they are back within ${HIDDEN_MINUTES} minutes.`,
    )
  if (!complete && error === undefined && signalled === undefined)
    printHint(
      limited
        ? 'The limit is reached: there may be more.'
        : 'Not all of the queue could be seen: run this again.',
    )
}

/** What SQS tells beforehand; undefined where it may not be asked (`sqs:GetQueueAttributes`). */
async function countBefore({ queueUrl, deadLetterQueueUrl }: DlqConfig): Promise<{
  readonly visible: number | undefined
  readonly held: number | undefined
  readonly retentionSeconds: number | undefined
  readonly mismatch: ReturnType<typeof findMismatch>
}> {
  const { queue, deadLetters } = await inspectQueues(queueUrl, deadLetterQueueUrl)
  const [own, dead] = [queue, deadLetters].map((seen) => (seen.kind === 'seen' ? seen.value : undefined))
  const read = (name: string): number | undefined => {
    const value = Number(dead?.[name])
    return Number.isFinite(value) ? value : undefined
  }
  return {
    visible: read('ApproximateNumberOfMessages'),
    held: read('ApproximateNumberOfMessagesNotVisible'),
    retentionSeconds: read('MessageRetentionPeriod'),
    mismatch: findMismatch(own, dead),
  }
}

/** What would be taken for dead letters is not: it must neither be given up nor sent on. */
const MISMATCHES = {
  swapped:
    'QUEUE_URL and DEAD_LETTER_QUEUE_URL are swapped: the queue of the second sends its failures to the first; exchange the two',
  strangers:
    'the queue of DEAD_LETTER_QUEUE_URL is not where the queue of QUEUE_URL sends its failures: take both from the same stack',
} as const

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
