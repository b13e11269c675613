import { readArchiveConfig } from '../archive-config.ts'
import { composeKeeper, type Keeper } from '../compose-keep.ts'
import { describeGone, describeVersion, type HoldCase, type Holds, openCases } from '../retrieve/hold.ts'
import { nameWorkspaces, readWorkspaces } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { count, printHint, printJson, printLine, printProblem, style } from './print.ts'
import { watchSignals } from './watch-signals.ts'

export interface HoldListOptions {
  readonly case?: string | undefined
  readonly workspace?: string | undefined
  /** Released ones, too. */
  readonly all: boolean
  /** Compares with what the bucket itself says of each version. */
  readonly check: boolean
  readonly json: boolean
}

/** Prints which recordings are held, and for which cases. Resolves to the exit code. */
export async function listHolds(options: HoldListOptions): Promise<number> {
  const config = readArchiveConfig(process.env)
  const workspaceIds = readWorkspaces(options.workspace, config)
  const keeper = composeKeeper(config)
  const stop = new AbortController()
  using signals = watchSignals({ onFirst: () => stop.abort(), onSecond: () => stop.abort() })
  const seen = { recordings: 0, problems: 0 }
  const problem = (line: string): void => {
    seen.problems += 1
    printProblem(line)
  }
  try {
    for (const workspaceId of workspaceIds)
      for await (const found of keeper.holds.list(workspaceId, stop.signal)) {
        if (found.kind === 'unreadable') problem(`${found.key}: ${found.reason}`)
        else {
          const { holds } = found
          const isOver = openCases(holds).length === 0
          const cases = wantedCases(holds, options.all || isOver, options.case)
          const faults = options.check && cases.length > 0 ? await compare(holds, keeper, stop.signal) : []
          // Of what has no open case any more only that is wanted which a release that broke off has left.
          if (cases.length === 0 || (isOver && !options.all && faults.length === 0)) continue
          seen.recordings += 1
          print(holds, cases, options.check ? faults : undefined, options)
          for (const fault of faults) problem(`${holds.recordingId}: ${fault}`)
        }
      }
  } catch (error) {
    const code = signals.exitCode()
    if (code === undefined) throw error
    printProblem('interrupted: this is not all')
    return code
  } finally {
    await keeper.close()
  }
  printHint(
    `${count(seen.recordings, 'recording')}${options.all ? '' : ' held'} in ${nameWorkspaces(workspaceIds)}${seen.problems === 0 ? '' : `; ${count(seen.problems, 'problem')}`}`,
  )
  return seen.problems === 0 ? EXIT.done : EXIT.incomplete
}

function wantedCases(holds: Holds, all: boolean, wanted: string | undefined): readonly HoldCase[] {
  return (all ? holds.cases : openCases(holds)).filter(
    ({ caseNumber }) => wanted === undefined || caseNumber === wanted.trim(),
  )
}

/** In what the bucket differs from the document; empty where it does not. */
async function compare(holds: Holds, { custody }: Keeper, signal: AbortSignal): Promise<string[]> {
  const isHeld = openCases(holds).length > 0
  const faults: string[] = []
  if (isHeld && holds.versions.length === 0) faults.push('a case is open, but no version is named')
  for (const version of holds.versions) {
    const { key, versionId, heldBefore } = version
    try {
      const shown = await custody.readLegalHold(key, versionId, signal)
      if (shown === undefined) faults.push(describeGone(version))
      else if (isHeld && !shown)
        faults.push(`the bucket shows NO hold on ${describeVersion(version)}: place it again with hold place`)
      else if (!isHeld && shown && !heldBefore)
        faults.push(
          `${describeVersion(version)} is still held, its last case is released: run hold release again`,
        )
    } catch (error) {
      signal.throwIfAborted()
      faults.push(error instanceof Error ? error.message : String(error))
    }
  }
  return faults
}

function print(
  holds: Holds,
  cases: readonly HoldCase[],
  faults: readonly string[] | undefined,
  { json }: HoldListOptions,
): void {
  if (json) return printJson({ ...holds, ...(faults !== undefined && { faults }) })
  printLine(`${style('bold', holds.recordingId)}  ${holds.workspaceId}`)
  for (const { caseNumber, placed, released } of cases) {
    const since = `${day(placed.at)} by ${placed.by}: ${placed.reason}`
    const until =
      released === undefined ? '' : ` · released ${day(released.at)} by ${released.by}: ${released.reason}`
    printLine(`  case ${caseNumber}, since ${since}${until}`)
  }
}

function day(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}
