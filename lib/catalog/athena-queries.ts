import {
  type AthenaClient,
  AthenaServiceException,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  type QueryExecutionStatus,
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
   * @param label one line; it stands in front of its text, so that {@link labelOf} knows it again
   */
  begin(statement: Statement, label: string, signal: AbortSignal): Promise<string>
  /** Gives a statement up: nobody is going to read what it finds. Never rejects. */
  stop(this: void, id: string): Promise<void>
  /** The label that the statement of this id was begun with; undefined where there is none, or its result cannot be had any more. */
  labelOf(id: string, signal: AbortSignal): Promise<string | undefined>
  /**
   * Waits for a statement, as long as `until` is not aborted; where `signal` is, the statement is stopped.
   * @throws StoreError or ConfigurationError if it failed
   */
  wait(id: string, until: AbortSignal, signal: AbortSignal): Promise<StatementEnd>
  /**
   * All rows of a statement that succeeded, by the names of their columns; undefined where Athena does not keep them any more.
   * @throws StoreError if Athena gives anything but all of them
   */
  rows(id: string, signal: AbortSignal): Promise<readonly FoundRow[] | undefined>
}

/** How a statement stands. */
export type StatementEnd =
  | { readonly kind: 'succeeded' | 'waiting' | 'too-wide' }
  /** Something that it reads is not what it should be, and will not be when it is asked again; in Athena's own words. */
  | { readonly kind: 'unreadable'; readonly said: string }

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
    stop,
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
    async labelOf(id, signal) {
      try {
        const { Query: text = '', Status: status } = await describe(id, signal)
        return hasFailed(status) ? undefined : /^-- (.*)\n/.exec(text)?.[1]
      } catch (error) {
        const failure = athenaFailure('look for a search', error, signal)
        // What Athena says of an id that it does not know.
        if (failure instanceof StoreError && isInvalid(error)) return undefined
        throw failure
      }
    },
    async wait(id, until, signal) {
      try {
        const execution = await waitForEnd(id, until, signal)
        return execution === undefined ? { kind: 'waiting' } : judgeEnd(execution)
      } catch (error) {
        if (signal.aborted) await stop(id)
        throw athenaFailure('search', error, signal)
      }
    },
    async rows(id, signal) {
      const lines: (readonly (string | undefined)[])[] = []
      const tokens = new Set<string | undefined>([undefined])
      let token: string | undefined
      try {
        do {
          const page = await client.send(
            new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: PAGE_ROWS, NextToken: token }),
            { abortSignal: signal },
          )
          for (const { Data: data = [] } of page.ResultSet?.Rows ?? [])
            lines.push(data.map((datum) => datum.VarCharValue))
          token = page.NextToken
          // Whoever ended here would take a part for the whole; whoever went on would never end.
          if (token !== undefined && tokens.has(token)) throw new StoreError(IN_CIRCLES)
          tokens.add(token)
        } while (token !== undefined)
      } catch (error) {
        const failure = athenaFailure('read what a search found', error, signal)
        // The statement and its work group are there, so all that can be wrong with the request is that nothing is left to read.
        if (failure instanceof StoreError && isInvalid(error)) return undefined
        throw failure
      }
      // Also a search that has found nothing has the names of its columns.
      if (lines.length === 0) throw new StoreError('read what a search found: Athena gave no result')
      return toFoundRows(lines)
    },
  }
}

const IN_CIRCLES = 'read what a search found: Athena says that more follow, and does not go on'

/** The work group's limit (Athena User Guide, "Configure data usage controls"). */
const TOO_WIDE = /bytes scanned limit/i

/**
 * Access denied while reading, or a table that is not there: Athena has no type of its own for each. A key that S3 does not
 * have any more is neither.
 */
const IS_REFUSED =
  /access denied|not authorized|permission|(?:table|schema|database|catalog) \S+ does not exist/i

/** A file that is no Parquet, or not that of the table. Whatever S3 refuses for the moment has other words. */
const IS_UNREADABLE =
  /HIVE_BAD_DATA|not valid parquet|malformed parquet|expected magic number|failed to read parquet|corrupt/i

function saidOf(status: QueryExecutionStatus | undefined): string {
  return status?.AthenaError?.ErrorMessage ?? status?.StateChangeReason ?? 'no reason given'
}

/** Whether asking again will never have anything of it, not even what is to be done. */
function hasFailed(status: QueryExecutionStatus | undefined): boolean {
  const said = saidOf(status)
  return (
    (status?.State === 'FAILED' || status?.State === 'CANCELLED') &&
    !TOO_WIDE.test(said) &&
    !IS_UNREADABLE.test(said)
  )
}

/** @throws StoreError or ConfigurationError where it failed otherwise */
function judgeEnd({ Status: status }: QueryExecution): StatementEnd {
  if (status?.State === 'SUCCEEDED') return { kind: 'succeeded' }
  const said = saidOf(status)
  if (TOO_WIDE.test(said)) return { kind: 'too-wide' }
  if (IS_UNREADABLE.test(said)) return { kind: 'unreadable', said }
  const reason = redact(said)
  if (IS_REFUSED.test(reason.replace(/s3:\S+/g, '')))
    throw new ConfigurationError([`Athena cannot search: ${reason}`])
  throw new StoreError(`search: Athena ended ${status?.State ?? 'without a state'}: ${reason}`)
}

function isInvalid(error: unknown): boolean {
  return error instanceof AthenaServiceException && error.name === 'InvalidRequestException'
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
