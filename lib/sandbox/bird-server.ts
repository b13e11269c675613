import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BirdFaults, BirdRequest } from './bird-faults.ts'
import { createBirdIndex } from './bird-index.ts'
import { createBirdMetrics } from './bird-metrics.ts'
import { isUuid, readListQuery, writePageToken } from './bird-query.ts'
import { describeRecording, statusAt } from './bird-recording.ts'
import type { BirdCall } from './bird-recording.ts'
import { close, listen } from './listen.ts'
import { createRateLimiter } from './rate-limit.ts'
import type { RateLimit } from './rate-limit.ts'

export interface BirdServerOptions {
  /** 0, or none: the system chooses. */
  readonly port?: number
  readonly workspaceId: string
  readonly accessKey: string
  readonly calls: readonly BirdCall[]
  /** When the life of these calls began: {@link BirdCall.statuses} count from here. */
  readonly startedAt: Date
  readonly now: () => Date
  /** A link to a recording's audio that is good for ten minutes. */
  readonly mediaLink: (recordingId: string) => string
  readonly rateLimit?: RateLimit
  readonly faults?: BirdFaults
}

export interface BirdServer {
  /** What `BIRD_API_URL` must be. */
  readonly url: string
  readonly port: number
  /** Bird knows these calls from now on, and no others. */
  setCalls(calls: readonly BirdCall[]): void
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | object
}

/**
 * Bird's Recordings API on 127.0.0.1: metadata, `.mp3` (307 to the audio), the list, `recording-metrics`. Errors are
 * `{code, message}` with 401 (key), 403 (workspace), 404, 405, 422 and 429. Every answer has a `Messagebird-Request-Id`.
 * Source: Bird's OpenAPI document "Voice v1" and its reference pages on recordings.
 */
export async function startBirdServer(options: BirdServerOptions): Promise<BirdServer> {
  const answerer = createAnswerer(options)
  const server = createServer((request, response) => {
    response.setHeader('messagebird-request-id', randomUUID())
    const reply = answerer.answer(request)
    if (reply === 'drop') request.socket.destroy()
    else if (reply !== 'stall') send(response, reply)
  })
  const port = await listen(server, options.port)
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    setCalls: (calls) => answerer.setCalls(calls),
    close: () => close(server),
  }
}

interface Answerer extends Pick<BirdServer, 'setCalls'> {
  answer(request: IncomingMessage): Answer | 'drop' | 'stall'
}

function createAnswerer(options: BirdServerOptions): Answerer {
  const { startedAt, now, mediaLink } = options
  let index = createBirdIndex(options.calls)
  let metrics = createBirdMetrics(options.calls)
  const mayPass = createRateLimiter(options.rateLimit)

  function getRecording(call: BirdCall): Answer {
    return { status: 200, body: describeRecording(call, startedAt, now(), mediaLink) }
  }

  function getRecordingMedia(call: BirdCall): Answer {
    const { status } = statusAt(call, startedAt, now())
    return status === 'available'
      ? { status: 307, headers: { location: mediaLink(call.recordingId) } }
      : failure(404, 'RecordingNotAvailable', `The recording has no audio: it is ${status}`)
  }

  function listRecordings(parameters: URLSearchParams): Answer {
    const query = readListQuery(parameters)
    if ('refused' in query) return failure(422, 'UnprocessableEntity', query.refused)
    const page = index.list(query, startedAt, now())
    const results = page.calls.map((call) => describeRecording(call, startedAt, now(), mediaLink))
    const nextPageToken = page.next === undefined ? undefined : writePageToken(page.next)
    return { status: 200, body: { results, nextPageToken } }
  }

  function getRecordingMetrics(parameters: URLSearchParams): Answer {
    const query = readListQuery(parameters)
    if ('refused' in query) return failure(422, 'UnprocessableEntity', query.refused)
    return { status: 200, body: { ...metrics(query.sourceId), updatedAt: now().toISOString() } }
  }

  function answer(request: IncomingMessage): Answer | 'drop' | 'stall' {
    const [path = '', search = ''] = (request.url ?? '').split('?', 2)
    const [, workspaces, workspaceId, collection, item, ...rest] = path.split('/')
    if (workspaces !== 'workspaces' || rest.length > 0)
      return failure(404, 'NotFound', 'There is no such resource')
    if (request.headers.authorization !== `AccessKey ${options.accessKey}`) {
      return failure(401, 'Unauthorized', 'The access key is missing or wrong')
    }
    if (workspaceId !== options.workspaceId) {
      return failure(403, 'Forbidden', 'The access key has no right to this workspace')
    }
    const operation = operationOf(collection, item)
    if (operation === undefined) return failure(404, 'NotFound', 'There is no such resource')
    if (request.method !== 'GET')
      return failure(405, 'MethodNotAllowed', 'The sandbox only lets recordings be read')

    if (!mayPass(now())) return failure(429, 'TooManyRequests', 'The rate limit of the workspace is exceeded')
    const recordingId = item?.replace(/\.mp3$/, '')
    const fault = options.faults?.({
      operation,
      headers: request.headers,
      ...(recordingId !== undefined && { recordingId }),
      ...(item === undefined && { query: new URLSearchParams(search) }),
    })
    if (fault !== undefined) return fault.kind === 'respond' ? fault : fault.kind

    if (operation === 'listRecordings') return listRecordings(new URLSearchParams(search))
    if (operation === 'getRecordingMetrics') return getRecordingMetrics(new URLSearchParams(search))
    if (recordingId === undefined || !isUuid(recordingId)) {
      return failure(422, 'UnprocessableEntity', 'The recording id is not a UUID')
    }
    const call = index.find(recordingId)
    if (call === undefined) return failure(404, 'RecordingNotFound', 'There is no such recording')
    return operation === 'getRecording' ? getRecording(call) : getRecordingMedia(call)
  }

  return {
    answer,
    setCalls(calls) {
      index = createBirdIndex(calls)
      metrics = createBirdMetrics(calls)
    },
  }
}

function operationOf(
  collection: string | undefined,
  item: string | undefined,
): BirdRequest['operation'] | undefined {
  if (collection === 'recording-metrics' && item === undefined) return 'getRecordingMetrics'
  if (collection !== 'recordings') return undefined
  if (item === undefined) return 'listRecordings'
  return item.endsWith('.mp3') ? 'getRecordingMedia' : 'getRecording'
}

function failure(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } }
}

function send(response: ServerResponse, answer: Answer): void {
  const json = typeof answer.body === 'object'
  const body = json ? JSON.stringify(answer.body) : (answer.body ?? '')
  response.writeHead(answer.status, {
    ...(json && { 'content-type': 'application/json' }),
    'content-length': Buffer.byteLength(body),
    ...answer.headers,
  })
  response.end(body)
}
