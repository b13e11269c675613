import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { AthenaTables, TableResult } from './athena-tables.ts'

/** A statement as Athena was given it. */
export interface AthenaStatement {
  readonly id: string
  readonly text: string
  readonly parameters: readonly string[]
  readonly database: string
  readonly workGroup: string
}

/** How the next statements fare; each may be set by a test while the server runs. */
export interface AthenaConduct {
  /** What a statement answers to each look at it, until it is over. */
  states?: readonly ('QUEUED' | 'RUNNING')[]
  /** What becomes of it in place of a result. */
  end?: (
    statement: AthenaStatement,
  ) => { readonly state: 'FAILED' | 'CANCELLED'; readonly reason: string } | undefined
  /** An answer in place of the API's. */
  refuse?: (
    operation: string,
  ) => { readonly status: number; readonly type: string; readonly message: string } | undefined
  /** Rows of a page of results at most. */
  pageRows?: number
  /** Changes a page of results. */
  page?: (page: AthenaResultPage) => AthenaResultPage
  /** Called when an operation has been asked for. */
  onOperation?: (operation: string) => void | Promise<void>
}

/** A page of results, as GetQueryResults gives it. */
export interface AthenaResultPage {
  readonly ResultSet?: { readonly Rows: readonly object[] }
  readonly NextToken?: string
}

export interface AthenaServer {
  readonly url: string
  readonly statements: readonly AthenaStatement[]
  /** Ids of those that were stopped. */
  readonly stopped: readonly string[]
  /** How often each operation was asked for. */
  readonly asked: Readonly<Record<string, number>>
  conduct: AthenaConduct
  /** Resolves when whatever was begun has run, whether anybody has looked at it or not. */
  hasRun(this: void): Promise<void>
}

interface Execution extends AthenaStatement {
  readonly looks: string[]
  readonly result: Promise<TableResult | Error>
  isStopped: boolean
}

type Input = Readonly<Record<string, unknown>>

class Refusal extends Error {
  readonly status: number
  readonly type: string
  constructor(status: number, type: string, message: string) {
    super(message)
    this.status = status
    this.type = type
  }
}

/**
 * Answers on 127.0.0.1 as Athena does (JSON 1.1; Athena API Reference): what is begun runs at once, over `tables`, and
 * its end is told by looks at it. Results come as text, the names of the columns first, in pages.
 */
export async function startAthena(tables: AthenaTables, workGroup: string): Promise<AthenaServer> {
  const executions = new Map<string, Execution>()
  const state = {
    url: '',
    statements: [] as AthenaStatement[],
    stopped: [] as string[],
    asked: {} as Record<string, number>,
    conduct: {} as AthenaConduct,
    async hasRun() {
      await Promise.all([...executions.values()].map(({ result }) => result))
    },
  }

  const find = (input: Input): Execution => {
    const found = executions.get(String(input['QueryExecutionId']))
    if (found === undefined)
      throw new Refusal(
        400,
        'InvalidRequestException',
        `QueryExecution ${String(input['QueryExecutionId'])} was not found`,
      )
    return found
  }

  const operations: Readonly<Record<string, (input: Input) => unknown>> = {
    StartQueryExecution(input) {
      const group = String(input['WorkGroup'])
      if (group !== workGroup)
        throw new Refusal(400, 'InvalidRequestException', `WorkGroup ${group} is not found.`)
      const parameters = (input['ExecutionParameters'] as string[] | undefined) ?? []
      if (parameters.some((each) => each.length === 0 || each.length > 1024) || parameters.length === 0)
        throw new Refusal(
          400,
          'InvalidRequestException',
          'ExecutionParameters are not of 1 to 1024 characters',
        )
      const statement: AthenaStatement = {
        id: randomUUID(),
        text: String(input['QueryString']),
        parameters,
        database: String((input['QueryExecutionContext'] as Input | undefined)?.['Database']),
        workGroup: group,
      }
      state.statements.push(statement)
      const result = tables
        .run(statement.text, parameters)
        .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
      executions.set(statement.id, {
        ...statement,
        looks: [...(state.conduct.states ?? ['QUEUED'])],
        result,
        isStopped: false,
      })
      return { QueryExecutionId: statement.id }
    },
    async GetQueryExecution(input) {
      const found = find(input)
      return {
        QueryExecution: {
          QueryExecutionId: found.id,
          Query: found.text,
          ExecutionParameters: found.parameters,
          WorkGroup: found.workGroup,
          QueryExecutionContext: { Database: found.database },
          Status: await statusOf(found),
        },
      }
    },
    async GetQueryResults(input) {
      const found = find(input)
      const result = await found.result
      if ((await statusOf(found)).State !== 'SUCCEEDED' || result instanceof Error)
        throw new Refusal(
          400,
          'InvalidRequestException',
          'Query has not yet finished. Current state: RUNNING',
        )
      const most = Math.min(Number(input['MaxResults'] ?? 1000), state.conduct.pageRows ?? 1000, 1000)
      const lines = [...(result.columns.length === 0 ? [] : [result.columns]), ...result.rows]
      const from = Number(input['NextToken'] ?? 0)
      const rest = from + most < lines.length ? { NextToken: String(from + most) } : {}
      const Rows = lines.slice(from, from + most).map((line) => ({
        Data: line.map((value) => (value === null ? {} : { VarCharValue: value })),
      }))
      const page = { ResultSet: { Rows }, ...rest }
      return { UpdateCount: result.written, ...(state.conduct.page?.(page) ?? page) }
    },
    StopQueryExecution(input) {
      const found = find(input)
      found.isStopped = true
      state.stopped.push(found.id)
      return {}
    },
  }

  const statusOf = async (found: Execution): Promise<{ State: string; StateChangeReason?: string }> => {
    if (found.isStopped) return { State: 'CANCELLED', StateChangeReason: 'Query cancelled by user' }
    const look = found.looks.shift()
    if (look !== undefined) return { State: look }
    const end = state.conduct.end?.(found)
    if (end !== undefined) return { State: end.state, StateChangeReason: end.reason }
    const result = await found.result
    return result instanceof Error
      ? { State: 'FAILED', StateChangeReason: result.message }
      : { State: 'SUCCEEDED' }
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const operation = String(request.headers['x-amz-target']).replace('AmazonAthena.', '')
    const answer = (status: number, body: unknown, type?: string): void => {
      response.writeHead(status, {
        'content-type': 'application/x-amz-json-1.1',
        ...(type !== undefined && { 'x-amzn-errortype': type }),
      })
      response.end(JSON.stringify(body))
    }
    try {
      const input = JSON.parse(await text(request)) as Input
      state.asked[operation] = (state.asked[operation] ?? 0) + 1
      await state.conduct.onOperation?.(operation)
      const refusal = state.conduct.refuse?.(operation)
      if (refusal !== undefined) throw new Refusal(refusal.status, refusal.type, refusal.message)
      const run = operations[operation]
      if (run === undefined) throw new Refusal(400, 'UnknownOperationException', operation)
      answer(200, await run(input))
    } catch (error) {
      const { status, type, message } =
        error instanceof Refusal
          ? error
          : { status: 500, type: 'InternalServerException', message: String(error) }
      answer(status, { __type: type, message }, type)
    }
  }

  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    // What nobody waits for any more reads the bucket all the same.
    await state.hasRun()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return state
}
