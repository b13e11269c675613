import {
  type AthenaClient,
  AthenaServiceException,
  GetQueryExecutionCommand,
  paginateGetQueryResults,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena'
import type { Clock } from '../deadline.ts'
import { ConfigurationError, describeError, redact, StoreError } from '../errors.ts'
import { type FoundRow, toExecutionParameter, toFoundRows } from './rows.ts'
import type { Statement } from './sql.ts'

/** Statements that Athena runs, one at a time for each id. */
export interface AthenaQueries {
  /**
   * Begins with a statement; resolves to its id.
   * @param label stands in front of its text, so that {@link isLabelled} knows it again
   */
  begin(statement: Statement, label: string, signal: AbortSignal): Promise<string>
  /** Whether there is a statement of this id that was begun with this label. */
  isLabelled(id: string, label: string, signal: AbortSignal): Promise<boolean>
  /**
   * Waits for a statement, as long as `until` is not aborted; where `signal` is, the statement is stopped.
   * @throws StoreError or ConfigurationError if it failed
   */
  wait(id: string, until: AbortSignal, signal: AbortSignal): Promise<'succeeded' | 'waiting' | 'too-wide'>
  /** All rows of a statement that succeeded, by the names of their columns. */
  rows(id: string, signal: AbortSignal): Promise<readonly FoundRow[]>
}

export interface AthenaPlace {
  readonly client: AthenaClient
  readonly database: string
  readonly workGroup: string
  readonly clock: Clock
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1_000
/** How long a statement that nobody waits for any more may keep us until it is stopped. */
const STOP_MS = 2_000
/** The most that GetQueryResults gives at once (Athena API Reference). */
const PAGE_ROWS = 1_000

/** @throws StoreError or ConfigurationError from each, if Athena fails */
export function createAthenaQueries({ client, database, workGroup, clock }: AthenaPlace): AthenaQueries {
  const describe = async (id: string, signal: AbortSignal): Promise<QueryExecution> => {
    const command = new GetQueryExecutionCommand({ QueryExecutionId: id })
    const { QueryExecution: found = {} } = await client.send(command, { abortSignal: signal })
    return found
  }

  const stop = async (id: string): Promise<void> => {
    try {
      const command = new StopQueryExecutionCommand({ QueryExecutionId: id })
      await client.send(command, { abortSignal: AbortSignal.timeout(STOP_MS) })
    } catch {
      // It ends by itself; nobody reads what it finds.
    }
  }

  const waitForEnd = async (
    id: string,
    until: AbortSignal,
    signal: AbortSignal,
  ): Promise<QueryExecution | undefined> => {
    const patience = AbortSignal.any([until, signal])
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const execution = await describe(id, signal)
      const state = execution.Status?.State
      if (state !== undefined && state !== 'QUEUED' && state !== 'RUNNING') return execution
      try {
        await clock.pause(pauseMs, patience)
      } catch (error) {
        signal.throwIfAborted()
        if (until.aborted) return undefined
        throw error
      }
    }
  }

  return {
    async begin({ text, parameters }, label, signal) {
      const command = new StartQueryExecutionCommand({
        QueryString: `-- ${label}\n${text}`,
        ExecutionParameters: parameters.map(toExecutionParameter),
        QueryExecutionContext: { Database: database },
        WorkGroup: workGroup,
      })
      try {
        const { QueryExecutionId: id } = await client.send(command, { abortSignal: signal })
        if (id === undefined) throw new StoreError('Athena began a search and does not say which')
        return id
      } catch (error) {
        throw athenaFailure('begin a search', error, signal)
      }
    },
    async isLabelled(id, label, signal) {
      try {
        const { Query: text } = await describe(id, signal)
        return text?.startsWith(`-- ${label}\n`) === true
      } catch (error) {
        // What Athena says of an id that it does not know.
        if (error instanceof AthenaServiceException && error.name === 'InvalidRequestException') return false
        throw athenaFailure('look for a search', error, signal)
      }
    },
    async wait(id, until, signal) {
      try {
        const execution = await waitForEnd(id, until, signal)
        return execution === undefined ? 'waiting' : judgeEnd(execution)
      } catch (error) {
        if (signal.aborted) await stop(id)
        throw athenaFailure('search', error, signal)
      }
    },
    async rows(id, signal) {
      const lists: (readonly (string | undefined)[])[] = []
      try {
        const pages = paginateGetQueryResults(
          { client, pageSize: PAGE_ROWS, stopOnSameToken: true },
          { QueryExecutionId: id },
          { abortSignal: signal },
        )
        for await (const { ResultSet: set } of pages)
          for (const { Data: data = [] } of set?.Rows ?? [])
            lists.push(data.map((datum) => datum.VarCharValue))
      } catch (error) {
        throw athenaFailure('read what a search found', error, signal)
      }
      return toFoundRows(lists)
    },
  }
}

/** @throws StoreError or ConfigurationError unless it succeeded, or would have read too much */
function judgeEnd({ Status: status }: QueryExecution): 'succeeded' | 'too-wide' {
  if (status?.State === 'SUCCEEDED') return 'succeeded'
  const reason = redact(status?.AthenaError?.ErrorMessage ?? status?.StateChangeReason ?? 'no reason given')
  // The work group's limit (Athena User Guide, "Configure data usage controls").
  if (/bytes scanned limit/i.test(reason)) return 'too-wide'
  // Access denied while reading, or a table that is not there: Athena has no type of its own for each.
  if (/access denied|not authorized|does not exist|permission/i.test(reason))
    throw new ConfigurationError([`Athena cannot search: ${reason}`])
  throw new StoreError(`search: Athena ended ${status?.State ?? 'without a state'}: ${reason}`)
}

function athenaFailure(operation: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof StoreError || error instanceof ConfigurationError) return error
  if (!(error instanceof AthenaServiceException))
    return new StoreError(`${operation}: ${describeError(error)}`, { cause: error })
  const isRefused = error.name === 'AccessDeniedException' || /not authorized/i.test(error.message)
  if (isRefused || /work ?group .* (?:is not found|is disabled)/i.test(error.message))
    return new ConfigurationError([`Athena refuses to ${operation}: ${redact(error.message)}`], {
      cause: error,
    })
  return new StoreError(`${operation}: Athena answered ${describeError(error)}`, { cause: error })
}
