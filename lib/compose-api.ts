import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { searchReader, serveSearch } from './compose-api-search.ts'
import { type ApiService, SEARCH_PATIENCE_MS, wireApi } from './compose-api-service.ts'
import { serveLink, serveRecording, serveVerification } from './compose-api-recording.ts'
import { composeSearch } from './compose-search.ts'
import { type Clock, createDeadline, type Deadline, systemClock } from './deadline.ts'
import { ConfigurationError, describeError, StoppedError, StoreError } from './errors.ts'
import { createJsonLog, type Log, writeLine } from './log.ts'
import { type Call, readCall } from './retrieve/call.ts'
import { writeOpenApi } from './retrieve/openapi.ts'
import type { Problem } from './retrieve/problem.ts'
import { readRequest } from './retrieve/request.ts'
import { answer, answerProblem, type ApiAnswer } from './retrieve/response.ts'
import { findRoute, ROUTES } from './retrieve/routes.ts'
import { type ArchiveConfig, readArchiveConfig } from './archive-config.ts'
import type { PatientCatalog } from './catalog/catalog.ts'
import { readSearchConfig } from './search-config.ts'
import { VERSION } from './version.ts'
import { explainFault } from './wire-or-explain.ts'

/** What may be set beside the environment: nothing that a deployment needs, all that a test does. */
export interface ApiOptions {
  readonly log?: Log
  readonly clock?: Clock
  /** The longest that an answer waits for a search, in milliseconds. */
  readonly searchPatienceMs?: number
  /** What searches in place of Athena; the environment need not name Athena's tables then. */
  readonly catalog?: PatientCatalog
}

/** A Lambda handler for an HTTP API's events in payload format 2.0. It never rejects: what goes wrong is an answer, too. */
export type ApiHandler = (event: unknown, context: Context) => Promise<APIGatewayProxyStructuredResultV2>

/** Wires the deployed API. The environment is read at the first event. */
export function composeApiFunction(
  environment: Readonly<Record<string, string | undefined>>,
  options: ApiOptions = {},
): ApiHandler {
  const { clock = systemClock, searchPatienceMs = SEARCH_PATIENCE_MS, catalog } = options
  let service: ApiService | undefined
  const wire = (): ApiService => {
    if (catalog !== undefined) return wireWith(readArchiveConfig(environment), () => catalog)
    const config = readSearchConfig(environment)
    return wireWith(config, (connection) => composeSearch(config, connection).catalog)
  }
  const wireWith = (config: ArchiveConfig, createCatalog: Parameters<typeof wireApi>[1]): ApiService => {
    const log = options.log ?? createJsonLog(writeLine, config.logLevel, clock.now)
    return wireApi(config, createCatalog, { clock, log, searchPatienceMs })
  }
  const early = options.log ?? createJsonLog(writeLine, 'info', clock.now)
  return async (event, context) => {
    const startedAt = clock.now()
    const call = readCall(event)
    let problemOrAnswer: Problem | ApiAnswer
    try {
      if (call === undefined) throw new ConfigurationError([NO_EVENT])
      service ??= wire()
      using deadline = createDeadline(() => context.getRemainingTimeInMillis())
      problemOrAnswer = await serve(call, service, deadline)
    } catch (error) {
      problemOrAnswer = explain(error, call, service?.log ?? early)
    }
    const requestId = call?.requestId ?? ''
    const given = 'kind' in problemOrAnswer ? answerProblem(problemOrAnswer, requestId) : problemOrAnswer
    ;(service?.log ?? early).event('request.served', {
      ...describeCall(call),
      status: given.status,
      durationMs: clock.now().getTime() - startedAt.getTime(),
    })
    return {
      statusCode: given.status,
      headers: { ...given.headers },
      body: call?.method === 'HEAD' ? '' : given.body,
    }
  }
}

const NO_EVENT =
  'this function answers the requests of an HTTP API: the integration must send payload format version 2.0'

async function serve(call: Call, service: ApiService, deadline: Deadline): Promise<Problem | ApiAnswer> {
  const { reasonRequired, workspaceIds, country } = service.config
  const read = readRequest(call, { reasonRequired, workspaceIds, readSearch: searchReader(country) })
  if (!read.ok) return read.problem
  const { request } = read
  const serving = async (): Promise<Problem | ApiAnswer> => {
    switch (request.name) {
      case 'openapi':
        return answer(200, writeOpenApi(call, VERSION))
      case 'search':
        return await serveSearch(request, service, deadline)
      case 'recording':
        return await serveRecording(request, service, deadline.signal)
      case 'link':
        return await serveLink(request, service, deadline.signal)
      case 'verification':
        return await serveVerification(request, service, deadline.signal)
    }
  }
  const { requestId, route } = describeCall(call)
  const logFailure = (detail: string): void =>
    service.log.event('request.failed', { requestId, route, detail })
  try {
    const served = await serving()
    if ('kind' in served && served.kind === 'index-damaged') logFailure(served.detail)
    return served
  } catch (error) {
    if (!deadline.signal.aborted) throw error
    logFailure(describeError(error))
    return { kind: 'out-of-time', detail: LATE[request.name] ?? 'ask again' }
  }
}

/** What to do where a request could not be answered in time. */
const LATE: Readonly<Record<string, string>> = {
  verification: 'its audio is too large to be read while a request waits: bird-archive verify ID reads it',
  // A search itself is waited for (202); what takes longer is to list what the bucket has of the days.
  search: 'ask for fewer days with `from` and `to`; if they are few already, ask again',
}

/** What went wrong is for the log; whoever asks is told what they can do about it. */
function explain(error: unknown, call: Call | undefined, log: Log): Problem {
  if (error instanceof ConfigurationError) {
    log.event('configuration.fault', { faults: explainFault(error) })
    return {
      kind: 'misconfigured',
      detail: "ask whoever runs the archive: the function's log says what to mend",
    }
  }
  const { requestId, route } = describeCall(call)
  log.event('request.failed', { requestId, route, detail: describeError(error) })
  if (error instanceof StoreError || error instanceof StoppedError)
    return { kind: 'unavailable', detail: 'nothing was handed out: ask again', retryAfterSeconds: 5 }
  return {
    kind: 'unexpected',
    detail: 'nothing was handed out; tell whoever runs the archive the `instance`',
  }
}

/** Addresses are told by their patterns: what somebody writes into one may be anything. */
function describeCall(call: Call | undefined) {
  const target = call && findRoute(call)
  return {
    method: METHODS.find((method) => method === call?.method) ?? 'other',
    route: target === undefined ? 'none' : ROUTES[target.name].path,
    requestId: call?.requestId ?? '',
    actor: call?.userArn ?? 'nobody',
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
