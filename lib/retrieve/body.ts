import * as v from 'valibot'
import { MINUTES } from './parameters.ts'
import type { Problem } from './problem.ts'
import { quoteName } from './query.ts'

/** What stands in the body of a request for a link. */
export const LINK_MEMBERS = ['minutes', 'reason', 'caseNumber'] as const

const WHOLE_MINUTES = `minutes must be a whole number from ${MINUTES.least} to ${MINUTES.most}`

/** What a link is asked for with. */
export const LinkBody = v.object({
  minutes: v.optional(
    v.pipe(
      v.number(WHOLE_MINUTES),
      v.integer(WHOLE_MINUTES),
      v.minValue(MINUTES.least, WHOLE_MINUTES),
      v.maxValue(MINUTES.most, WHOLE_MINUTES),
    ),
    MINUTES.usual,
  ),
  reason: v.optional(v.string('reason must be a text')),
  caseNumber: v.optional(v.string('caseNumber must be a text')),
} satisfies Record<(typeof LINK_MEMBERS)[number], unknown>)

/** As a request brings it. */
export interface RawBody {
  readonly contentType: string | undefined
  /** Empty where there is none. */
  readonly body: string
  readonly isBase64Encoded: boolean
}

/** Of the decoded body: what is asked for needs no more. */
const MAX_BODY_BYTES = 16_384

export type ReadBody =
  | { readonly ok: true; readonly link: v.InferOutput<typeof LinkBody> }
  | { readonly ok: false; readonly problem: Problem }

/** Reads a request for a link. No body at all asks for what is usual. */
export function readLinkBody({ contentType, body, isBase64Encoded }: RawBody): ReadBody {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  if (bytes.length > MAX_BODY_BYTES)
    return fail({ kind: 'body-too-large', detail: `send ${MAX_BODY_BYTES} bytes at most` })
  if (bytes.length === 0) return { ok: true, link: v.parse(LinkBody, {}) }
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(contentType?.trim() ?? ''))
    return fail({
      kind: 'unsupported-media-type',
      detail: 'send JSON in UTF-8, and say so: Content-Type: application/json',
    })
  const json = parse(bytes)
  if (json === undefined) return refuse(['the body is not JSON in UTF-8'])
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return refuse(['the body is no JSON object'])
  // valibot names one of them only.
  const strange = Object.keys(json).filter((name) => !LINK_MEMBERS.some((known) => known === name))
  const parsed = v.safeParse(LinkBody, json)
  const faults = [
    ...strange.map((name) => `${quoteName(name)} is no member of this body`),
    ...(parsed.issues ?? []).map(({ message }) => message),
  ]
  return parsed.success && faults.length === 0 ? { ok: true, link: parsed.output } : refuse(faults)
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

function refuse(faults: readonly string[]): ReadBody {
  return fail({ kind: 'invalid-request', detail: 'mend the body as `faults` says', faults })
}

function fail(problem: Problem): ReadBody {
  return { ok: false, problem }
}
