import type { BirdFacts, BirdProbe, LinkVerdict } from '../doctor/bird.ts'
import type { ServerTime } from '../doctor/clock.ts'
import { ConfigurationError, describeError } from '../errors.ts'
import { createHttp, type Http } from '../http.ts'
import type { AccessKeySource } from './access-key.ts'
import { DEFAULT_BIRD_LIMITS, MAX_ANSWER_BYTES } from './client.ts'
import { checkRedirect, type OriginPattern } from './redirect.ts'

export interface BirdInspection {
  readonly apiUrl: URL
  readonly workspaceId: string
  readonly accessKey: AccessKeySource
  readonly origins: readonly OriginPattern[]
  /** The recording to ask about; else the first available one of the list. */
  readonly recordingId: string | undefined
  now(this: void): Date
}

interface Answer {
  readonly probe: BirdProbe
  readonly json?: unknown
  readonly location?: string | undefined
  readonly time?: ServerTime
}

/** The time limits are those of the connections. */
const NEVER = new AbortController().signal

/**
 * Makes the archiver's requests to Bird, each once and without a retry, for what comes first is what is to be seen: the
 * list (one item), one recording's metadata, and its redirect, which is not followed. Never rejects.
 */
export async function inspectBird(
  options: BirdInspection,
): Promise<{ facts: BirdFacts; time: ServerTime | undefined }> {
  const { apiUrl, workspaceId, accessKey, origins, now } = options
  const http = createHttp({ connections: 1, ...DEFAULT_BIRD_LIMITS })
  const recordings = `${apiUrl.pathname.replace(/\/$/, '')}/workspaces/${encodeURIComponent(workspaceId)}/recordings`
  try {
    const key = await accessKey.read()
    const get = (path: string): Promise<Answer> => ask(http, apiUrl.origin, `${recordings}${path}`, key, now)
    const list = await get('?limit=1&status=available')
    const recordingId = options.recordingId ?? idIn(list.json)
    const { time } = list
    if (recordingId === undefined || list.probe.kind === 'no-answer')
      return { facts: { list: list.probe }, time }
    const path = `/${encodeURIComponent(recordingId)}`
    const metadata = await get(path)
    const link = await get(`${path}.mp3`)
    const recordingStatus = statusIn(metadata.json)
    const verdict = judgeLocation(link, origins)
    return {
      facts: {
        list: list.probe,
        recordingId,
        metadata: metadata.probe,
        link: link.probe,
        ...(recordingStatus !== undefined && { recordingStatus }),
        ...(verdict !== undefined && { verdict }),
      },
      time,
    }
  } catch (error) {
    const keyFault = error instanceof ConfigurationError ? error.faults.join(' · ') : describeError(error)
    return { facts: { keyFault }, time: undefined }
  } finally {
    await http.close()
  }
}

async function ask(http: Http, origin: string, path: string, key: string, now: () => Date): Promise<Answer> {
  try {
    const { status, headers, body } = await http.exchange(
      {
        method: 'GET',
        origin,
        path,
        headers: { authorization: `AccessKey ${key}`, accept: 'application/json' },
      },
      NEVER,
      MAX_ANSWER_BYTES,
    )
    const time = { server: 'Bird', date: single(headers['date']), receivedMs: now().getTime() }
    const json = parse(body.toString('utf8'))
    return {
      probe: { kind: 'answered', status, code: codeIn(json) },
      json,
      location: single(headers['location']),
      time,
    }
  } catch (error) {
    return { probe: { kind: 'no-answer', detail: describeError(error) } }
  }
}

function judgeLocation(
  { probe, location }: Answer,
  origins: readonly OriginPattern[],
): LinkVerdict | undefined {
  if (probe.kind !== 'answered' || ![302, 303, 307, 308].includes(probe.status)) return undefined
  try {
    return { kind: 'allowed', host: checkRedirect(location, origins).host }
  } catch (error) {
    return { kind: 'refused', detail: error instanceof Error ? error.message : describeError(error) }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined
}

/** Error codes and statuses are words; anything else is foreign text and not repeated. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w-]{1,60}$/.test(value) ? value : undefined
}

const codeIn = (json: unknown): string | undefined => wordOf(fieldOf(json, 'code'))
const statusIn = (json: unknown): string | undefined => wordOf(fieldOf(json, 'status'))

function idIn(json: unknown): string | undefined {
  const results = fieldOf(json, 'results')
  return Array.isArray(results) ? wordOf(fieldOf(results[0], 'id')) : undefined
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
