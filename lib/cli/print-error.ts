import { explainFailure } from '../archive/explain.ts'
import { ConfigurationError, describeError } from '../errors.ts'
import { EXIT } from './exit-codes.ts'
import { printFaults, printProblem } from './print.ts'
import { UsageError } from './usage-error.ts'

/**
 * Says what was thrown, and what mends it where a person can; returns the exit code that belongs to it.
 * @param subject what it befell, where that is not the whole command: `workspace X`
 */
export function printError(error: unknown, subject?: string): number {
  const about = subject === undefined ? '' : `${subject}: `
  const faults = findFaults(error)
  if (faults === undefined) {
    printProblem(`${about}${isFull(error) ? FULL : describeError(error)}`)
    return EXIT.incomplete
  }
  const title = about === '' ? 'The configuration needs mending:' : `${about}the configuration needs mending:`
  printFaults(error instanceof UsageError ? error.message : title, faults)
  return EXIT.misconfigured
}

const FULL = 'there is no room left to write to: free some, and run it again'

function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return error instanceof Error && (code === 'ENOSPC' || code === 'EDQUOT')
}

/** What a person has to mend before anything can be done; undefined where it is something else that went wrong. */
function findFaults(error: unknown): readonly string[] | undefined {
  if (error instanceof ConfigurationError || error instanceof UsageError) return error.faults
  const outcome = explainFailure(error)
  return outcome.kind === 'failed' && outcome.reason === 'misconfigured' ? [outcome.detail] : undefined
}
