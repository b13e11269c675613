import * as v from 'valibot'
import { readCallTime } from './call-time.ts'

/** Bird's recording, as far as this program looks at it, beside all that Bird said of it. */
export interface Recording {
  /** Lower-case UUID. */
  readonly id: string
  /** Bird's enum is open: values that are not known today mean "not yet". */
  readonly status: string
  readonly createdAt: Date
  /** Absent when Bird leaves it out or sends no time of a call, such as Go's zero time. */
  readonly endedAt: Date | undefined
  /** Whole seconds; Bird sends 0 where it does not know. */
  readonly durationSeconds: number | undefined
  readonly stereo: boolean | undefined
  readonly format: string | undefined
  /** Bird's JSON, free of live links (see {@link withoutLinks}). */
  readonly verbatim: JsonObject
}

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/** What ECMAScript's "JSON.parse source text access" adds, and TypeScript's library does not know yet. */
const exact = JSON as unknown as {
  parse(
    text: string,
    revive: (name: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): unknown
  isRawJSON(value: unknown): boolean
}

/**
 * Parses JSON so that every number is written again just as it came, also one that a double does not hold or JavaScript
 * spells otherwise: evidence is not rounded. Such a number is an opaque object meanwhile.
 */
export function parseExactly(text: string): unknown {
  return exact.parse(text, (_, value, { source = '' }) =>
    typeof value === 'number' && String(value) !== source ? exact.rawJSON(source) : value,
  )
}

export type ReadRecording =
  | { readonly ok: true; readonly recording: Recording }
  | { readonly ok: false; readonly reason: string }

/** Only what we cannot do without is required: additions and absences elsewhere must never cost a recording. */
const Wanted = v.looseObject({ id: v.string(), status: v.string(), createdAt: v.string() })

/**
 * Reads Bird's metadata of one recording.
 * Source: Bird's "Get recording" (OpenAPI `Recording`); `endedAt` of year 1 is Go's zero time and means "absent".
 * @param now by the clock that `createdAt` must not be ahead of
 */
export function readRecording(json: unknown, askedForId: string, now: Date): ReadRecording {
  const parsed = v.safeParse(Wanted, json)
  if (!parsed.success) {
    const fields = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the answer')
    return { ok: false, reason: `Bird's metadata lacks a usable ${[...new Set(fields)].join(', ')}` }
  }
  const { id, status } = parsed.output
  if (id.toLowerCase() !== askedForId)
    return { ok: false, reason: 'Bird answered with another recording than was asked for' }
  const createdAt = readCallTime(parsed.output.createdAt, now)
  if (typeof createdAt === 'string')
    return { ok: false, reason: `Bird's metadata lacks a usable createdAt: ${createdAt}` }
  const raw = parsed.output as Record<string, unknown>
  return {
    ok: true,
    recording: {
      id: askedForId,
      status,
      createdAt,
      endedAt: optionalTime(raw['endedAt'], now),
      durationSeconds: optionalNumber(raw['duration']),
      stereo: typeof raw['stereo'] === 'boolean' ? raw['stereo'] : undefined,
      format: typeof raw['format'] === 'string' ? raw['format'] : undefined,
      verbatim: withoutLinks(json as JsonObject),
    },
  }
}

/**
 * Bird's JSON less everything that would let somebody else in: `url` (a presigned link), the query of `roomInfoUrl`,
 * and the query of any other link that carries a signature. All else stays as Bird sent it.
 */
export function withoutLinks(json: JsonObject): JsonObject {
  const kept = Object.entries(json).filter(([name]) => name !== 'url')
  return Object.fromEntries(
    kept.map(([name, value]) => [name, disarm(name === 'roomInfoUrl' ? withoutQuery(value) : value)]),
  )
}

/** What presigned links of S3, CloudFront, Google and Azure have in common. */
const SIGNED_QUERY = /(?:signature|credential|token|sig)(?:=|%3d)/i

function disarm(value: Json): Json {
  if (typeof value === 'string')
    return value.replace(/(https?:\/\/[^\s?#]*)[?#]\S*/gi, (link: string, bare: string) =>
      SIGNED_QUERY.test(link) ? bare : link,
    )
  if (exact.isRawJSON(value)) return value
  if (Array.isArray(value)) return value.map((item: Json) => disarm(item))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, item]: [string, Json]) => [name, disarm(item)]),
    )
  return value
}

function withoutQuery(value: Json): Json {
  return typeof value === 'string' ? value.replace(/[?#].*$/s, '') : value
}

function optionalTime(value: unknown, now: Date): Date | undefined {
  const time = typeof value === 'string' ? readCallTime(value, now) : undefined
  return typeof time === 'string' ? undefined : time
}

function optionalNumber(value: unknown): number | undefined {
  const number = exact.isRawJSON(value) ? Number(JSON.stringify(value)) : value
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined
}
