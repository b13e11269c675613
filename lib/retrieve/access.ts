import * as v from 'valibot'
import { Moment, readDocument } from '../archive/document.ts'
import { isRecordingId, WORKSPACE_ID } from '../archive/message.ts'
import type { Json, JsonObject } from '../archive/recording.ts'
import { PHONE_NUMBER } from '../errors.ts'

/** Identifies the form of a line of the access log. */
export const ACCESS_SCHEMA = 'urn:bird-recording-archiver:access:1'

/** What somebody did with recordings. */
export const ACCESS_ACTIONS = [
  'search',
  'show',
  'get',
  'link',
  'export',
  'verify',
  'hold-place',
  'hold-release',
  'retention-extend',
] as const
export type AccessAction = (typeof ACCESS_ACTIONS)[number]

/** Who did what with which recordings, and why: one line of the access log. */
export interface AccessRecord {
  /** A UUID, given by the caller; it makes the line's object unique. */
  readonly id: string
  readonly at: Date
  readonly action: AccessAction
  /** Who: a user's name at a terminal, the caller's ARN through the API. */
  readonly actor: string
  /** Why, in that person's words; undefined only where the deployment asks for none. */
  readonly reason: string | undefined
  readonly caseNumber?: string | undefined
  readonly via: 'terminal' | 'api'
  readonly workspaceId: string
  /** Lower-case UUIDs; empty for a search, which names its criteria. */
  readonly recordingIds: readonly string[]
  /** What was searched for. Phone numbers in it are masked when the line is written. */
  readonly criteria?: JsonObject | undefined
  /** What else is worth knowing, for people. */
  readonly detail?: string | undefined
}

/** The longest texts that a line takes, in characters, and the most recordings. */
export const ACCESS_LIMITS = {
  actor: 512,
  reason: 500,
  caseNumber: 100,
  detail: 1000,
  criteria: 10_000,
  recordingIds: 10_000,
} as const

/** What would let a line look like something else on a terminal: control characters, line breaks, changes of direction. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

/** Judges a reason as a person gave it; blank counts as none. The fault says what to do. */
export function checkReason(
  given: string | undefined,
  required: boolean,
): { ok: true; reason: string | undefined } | { ok: false; fault: string } {
  const reason = given?.trim() ?? ''
  if (reason === '')
    return required
      ? {
          ok: false,
          fault: 'a reason is required here: say why with --reason (RETRIEVE_REASON_REQUIRED=true)',
        }
      : { ok: true, reason: undefined }
  const fault = checkText('reason', reason)
  return fault === undefined ? { ok: true, reason } : { ok: false, fault }
}

/** Judges who claims to act. The fault says what to do. */
export function checkActor(given: string): { ok: true; actor: string } | { ok: false; fault: string } {
  const actor = given.trim()
  if (actor === '') return { ok: false, fault: 'nobody is named: say with --actor who asks' }
  const fault = checkText('actor', actor)
  return fault === undefined ? { ok: true, actor } : { ok: false, fault }
}

/** What is wrong with a text of the access log, if anything. */
export function checkText(
  name: Exclude<keyof typeof ACCESS_LIMITS, 'recordingIds' | 'criteria'>,
  text: string,
): string | undefined {
  if (UNPRINTABLE.test(text))
    return `the ${LABELS[name]} holds line breaks or control characters: use plain text`
  if (text.length > ACCESS_LIMITS[name])
    return `the ${LABELS[name]} has ${text.length} characters: ${ACCESS_LIMITS[name]} at most`
  return undefined
}

const LABELS = { actor: 'actor', reason: 'reason', caseNumber: 'case number', detail: 'detail' } as const

/**
 * Writes one line of newline-delimited JSON, phone numbers in the criteria masked.
 * @throws RangeError where a text is too long or not plain, or an id is none: check what people give beforehand
 */
export function writeAccess(record: AccessRecord): string {
  const { actor, reason, caseNumber, detail, recordingIds } = record
  const criteria = record.criteria === undefined ? undefined : maskNumbers(record.criteria)
  const faults = [
    actor === '' ? 'the actor is not named' : checkText('actor', actor),
    reason === undefined ? undefined : checkText('reason', reason),
    caseNumber === undefined ? undefined : checkText('caseNumber', caseNumber),
    detail === undefined ? undefined : checkText('detail', detail),
    isRecordingId(record.id) ? undefined : 'the id is no UUID',
    WORKSPACE_ID.test(record.workspaceId) ? undefined : 'the workspace id has characters that no id has',
    recordingIds.every(isRecordingId) ? undefined : 'a recording id is no UUID',
    recordingIds.length > ACCESS_LIMITS.recordingIds
      ? `${recordingIds.length} recordings are named: ${ACCESS_LIMITS.recordingIds} at most in one line`
      : undefined,
    JSON.stringify(criteria ?? null).length > ACCESS_LIMITS.criteria
      ? 'the criteria are too long'
      : undefined,
  ].filter((fault) => fault !== undefined)
  if (faults.length > 0) throw new RangeError(`access log: ${faults.join(' · ')}`)
  const line = {
    schema: ACCESS_SCHEMA,
    id: record.id,
    at: record.at.toISOString(),
    action: record.action,
    actor,
    reason: reason ?? null,
    caseNumber: caseNumber ?? null,
    via: record.via,
    workspaceId: record.workspaceId,
    recordingIds,
    criteria: criteria ?? null,
    detail: detail ?? null,
  }
  return `${JSON.stringify(line)}\n`
}

const AccessLine = v.object({
  schema: v.literal(ACCESS_SCHEMA),
  id: v.string(),
  at: Moment,
  action: v.picklist(ACCESS_ACTIONS),
  actor: v.string(),
  reason: v.nullable(v.string()),
  caseNumber: v.nullable(v.string()),
  via: v.picklist(['terminal', 'api']),
  workspaceId: v.string(),
  recordingIds: v.array(v.string()),
  criteria: v.nullable(
    v.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  ),
  detail: v.nullable(v.string()),
})

/**
 * Reads one line; returns the reason as text where it is none, or one of a form that this version does not know. Its texts are as
 * they stand there, even if {@link writeAccess} would have refused them: such a line is evidence, too, so whoever shows it makes
 * it printable.
 */
export function readAccess(line: string): { ok: true; record: AccessRecord } | { ok: false; reason: string } {
  const read = readDocument(AccessLine, line, 'the line of the access log')
  if (!read.ok) return read
  const { schema: _schema, reason, caseNumber, criteria, detail, ...rest } = read.document
  return {
    ok: true,
    record: {
      ...rest,
      reason: reason ?? undefined,
      ...(caseNumber !== null && { caseNumber }),
      ...(criteria !== null && { criteria }),
      ...(detail !== null && { detail }),
    },
  }
}

/** Names of criteria that hold a party's number, however it is written. */
const NUMBER_NAME = /number|phone|originator|receiver|caller|callee|party/i
/** What has many digits and is no phone number: ids, days and moments. */
const NO_NUMBER =
  /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?)$/i

/** Masks phone numbers to their last two digits, at any depth: the log tells that somebody looked, not whom for. */
export function maskNumbers(criteria: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(criteria).map(([name, value]) => [name, maskValue(value, NUMBER_NAME.test(name))]),
  )
}

function maskValue(value: Json, isNumber: boolean): Json {
  if (typeof value === 'string') return maskText(value, isNumber)
  if (typeof value === 'number') return isNumber ? maskText(String(value), true) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each: Json) => maskValue(each, isNumber))
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, maskValue(each, isNumber || NUMBER_NAME.test(name))]),
  )
}

function maskText(text: string, isNumber: boolean): string {
  if (isNumber) return maskRun(text)
  return NO_NUMBER.test(text) ? text : text.replace(PHONE_NUMBER, maskRun)
}

function maskRun(run: string): string {
  return `…${/\p{Nd}{0,2}$/u.exec(run.replace(/\P{Nd}/gu, ''))?.[0] ?? ''}`
}
