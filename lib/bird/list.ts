import * as v from 'valibot'
import { BirdError } from '../errors.ts'
import type { BirdClient, CallTime } from './client.ts'

/** Bird refuses 100 (422). */
const PAGE_SIZE = 99
/** Bird's own limit on a token. */
const MAX_TOKEN_CHARACTERS = 8000

const Page = v.object({
  results: v.array(v.unknown()),
  nextPageToken: v.nullish(v.pipe(v.string(), v.maxLength(MAX_TOKEN_CHARACTERS))),
})

/**
 * Lists a workspace's recordings, page by page, until Bird names no further page. What the items are is not looked at.
 * Source: `GET /workspaces/{workspaceId}/recordings`; the order and the life of a token are not documented.
 * @throws BirdError also for a page that is no list, and for a token that comes again: the list would never end
 */
export async function* listRecordings(
  client: BirdClient,
  workspaceId: string,
  asked: { readonly startAt: Date; readonly endAt: Date },
  time: CallTime,
): AsyncGenerator<readonly unknown[], void, undefined> {
  const tokens = new Set<string>()
  for (let token: string | undefined; ;) {
    const query = new URLSearchParams({
      limit: String(PAGE_SIZE),
      startAt: asked.startAt.toISOString(),
      endAt: asked.endAt.toISOString(),
      ...(token !== undefined && { pageToken: token }),
    })
    const path = `/workspaces/${encodeURIComponent(workspaceId)}/recordings`
    const { text, requestId } = await client.get(
      'list recordings',
      `${path}?${query.toString()}`,
      [200],
      time,
    )
    const page = readPage(text, requestId)
    yield page.results
    token = page.nextPageToken ?? ''
    if (token === '') return
    if (tokens.has(token))
      throw new BirdError(
        { operation: 'list recordings', status: 200, requestId },
        'a page token came twice: the list goes in a circle',
      )
    tokens.add(token)
  }
}

function readPage(text: string, requestId: string | undefined): v.InferOutput<typeof Page> {
  const fault = (reason: string, cause?: unknown): BirdError =>
    new BirdError({ operation: 'list recordings', status: 200, requestId }, reason, { cause })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw fault('the answer is not JSON', cause)
  }
  const parsed = v.safeParse(Page, json)
  if (!parsed.success)
    throw fault(`the answer has an unknown form at ${v.getDotPath(parsed.issues[0]) ?? 'its root'}`)
  return parsed.output
}

const Metrics = v.object({
  counter: v.pipe(v.number(), v.integer(), v.minValue(0)),
  updatedAt: v.optional(v.string()),
})

/** Bird's own count of a workspace's recordings, and when it was taken, in Bird's words. */
export type RecordingMetrics = v.InferOutput<typeof Metrics>

/**
 * Gets Bird's own count. Source: `GET /workspaces/{workspaceId}/recording-metrics`.
 * @throws BirdError for every answer but 200, and for one without a count
 */
export async function getRecordingMetrics(
  client: BirdClient,
  workspaceId: string,
  time: CallTime,
): Promise<RecordingMetrics> {
  const path = `/workspaces/${encodeURIComponent(workspaceId)}/recording-metrics?limit=1`
  const { text, requestId } = await client.get('get metrics', path, [200], time)
  try {
    return v.parse(Metrics, JSON.parse(text))
  } catch (cause) {
    throw new BirdError({ operation: 'get metrics', status: 200, requestId }, 'the answer holds no count', {
      cause,
    })
  }
}
