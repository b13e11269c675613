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
    printProblem(`${about}${explainSystem(error) ?? describeError(error)}`)
    return EXIT.incomplete
  }
  const title = about === '' ? 'The configuration needs mending:' : `${about}the configuration needs mending:`
  printFaults(error instanceof UsageError ? error.message : title, faults)
  return EXIT.misconfigured
}

/** No connection came about. */
const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'])

/** What this machine itself refused; undefined where it is nothing of that kind. */
function explainSystem(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return 'there is no room left to write to: free some, and run it again'
  if (!UNREACHED.has(error.code)) return undefined
  const where = /[\w.-]+(?::\d+)?$/.exec(error.message)?.[0] ?? 'a server'
  return `${where} cannot be reached (${error.code}): look at the network, AWS_REGION, and the addresses in the environment (QUEUE_URL, AWS_ENDPOINT_URL_SQS, …)`
}

/** What a person has to mend before anything can be done; undefined where it is something else that went wrong. */
function findFaults(error: unknown): readonly string[] | undefined {
  if (error instanceof ConfigurationError || error instanceof UsageError) return error.faults
  const outcome = explainFailure(error)
  return outcome.kind === 'failed' && outcome.reason === 'misconfigured' ? [outcome.detail] : undefined
}
