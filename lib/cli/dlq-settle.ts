import type { DeadLetter } from '../sqs/dead-letter.ts'
import type { Fate, Round, Settled } from '../sqs/dead-letters.ts'
import type { FilterOptions, LetterFilter } from './dlq-filter.ts'
import { nameLetter, showText, toJsonLetter } from './dlq-report.ts'
import { isWhole, printCaveats, type RoundEnd, runRound, type RoundOrder } from './dlq-round.ts'
import { EXIT } from './exit-codes.ts'
import { count, printJson, printLine, printProblem, style } from './print.ts'
import { UsageError } from './usage-error.ts'

/** Options of the commands that change something. */
export interface SettleOptions extends FilterOptions {
  readonly limit?: number
  readonly all?: true
  readonly dryRun?: true
  readonly json?: true
}

/** Most letters of one run: an id of each is remembered. */
const LIMIT = 100_000

/** @throws UsageError unless it is said which letters are meant: one or the other */
export function requireChoice({ isNarrow }: LetterFilter, options: SettleOptions): void {
  const all = options.all === true
  if (isNarrow === all)
    throw new UsageError('Which letters?', [
      all
        ? '--all goes with no ids, --reason or --older-than'
        : 'name recording ids, narrow it down with --reason or --older-than, or say --all',
    ])
}

/**
 * Settles letters, and tells what became of them. Resolves to the exit code.
 * @param done what is said of a settled letter: `sent back`
 */
export async function settleLetters(
  order: Pick<RoundOrder, 'deadLetters' | 'queues' | 'filter' | 'settle' | 'done'>,
  options: SettleOptions,
): Promise<number> {
  const { limit = LIMIT, dryRun = false, json = false } = options
  const tally = { gone: 0, stays: 0, undeleted: 0 }
  const problems: string[] = []
  const onFate: Round['onFate'] = (letter, fate) => {
    tally[fate.kind] += 1
    if (json) printJson(toJsonFate(letter, fate, order.done, dryRun))
    else if (dryRun) printLine(`  ${nameLetter(letter)}  ${showText(letter.reason)}`)
    else if (fate.kind === 'stays') problems.push(`${nameLetter(letter)} stays: ${fate.why}`)
    else if (fate.kind === 'undeleted')
      problems.push(`${nameLetter(letter)} was ${order.done}, but is still here as well: ${fate.why}`)
  }
  const settle = dryRun ? keepAll : order.settle
  const end = await runRound({ ...order, settle, onFate, limit, json })
  if (json) printJson({ summary: summarize(tally, end, dryRun) })
  else if (dryRun) printLine(`${style('bold', count(tally.stays, 'letter'))} would be ${order.done}.`)
  else if (end.error === undefined || tally.gone > 0) printLine(describeTally(tally, order.done))
  for (const problem of problems) printProblem(problem)
  printCaveats(end)
  if (end.error !== undefined) throw end.error
  if (end.signalled !== undefined) return end.signalled
  const isDone = isWhole(end) && (dryRun || tally.stays + tally.undeleted === 0)
  return isDone ? EXIT.done : EXIT.incomplete
}

const keepAll: Round['settle'] = (letters) =>
  Promise.resolve(letters.map((): Settled => ({ kind: 'stays', why: 'this is a dry run' })))

type Tally = Readonly<Record<Fate['kind'], number>>

function describeTally({ gone, stays, undeleted }: Tally, done: string): string {
  const left = stays === 0 ? '' : ` ${count(stays, 'letter')} stayed.`
  return `${style('bold', count(gone + undeleted, 'letter'))} ${done}.${left}`
}

function toJsonFate(letter: DeadLetter, fate: Fate, done: string, dryRun: boolean): object {
  const settled = done.replaceAll(' ', '-')
  const outcome = fate.kind === 'gone' ? settled : fate.kind
  return {
    ...toJsonLetter(letter),
    outcome: dryRun ? `would-be-${settled}` : outcome,
    ...(fate.kind !== 'gone' && !dryRun && { why: fate.why }),
  }
}

function summarize({ gone, stays, undeleted }: Tally, end: RoundEnd, dryRun: boolean): object {
  const { complete, cameBack, missing, hidden } = end
  return {
    letters: gone + stays + undeleted,
    settled: gone,
    stayed: stays,
    undeleted,
    cameBack,
    missing: complete ? missing : [],
    hidden: hidden?.letters ?? 0,
    complete,
    dryRun,
  }
}
