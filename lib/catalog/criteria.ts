import { isRecordingId, toWorkspaceId, WORKSPACE_ID } from '../archive/message.ts'
import { MP3_FINDINGS } from '../archive/mp3-report.ts'
import { type Range, readRange } from '../backfill/window.ts'
import { isKnownCountry, readNumber } from './phone-number.ts'

/** What recordings are looked for by. What is not there does not narrow the search; all that is there has to be true. */
export interface Criteria {
  readonly workspaceId: string
  /** Of the call's `createdAt`, from its beginning up to, not including, its end; all days if not given. */
  readonly range?: Range
  /** Lower-case UUIDs, one of which it is. */
  readonly recordingIds?: readonly string[]
  /** The call's or conference's id with Bird: `source_id` or `conference_id`. */
  readonly sourceId?: string
  /** Forms of digits, one of which is the number of either party. */
  readonly numbers?: readonly string[]
  readonly channelId?: string
  readonly direction?: string
  /** As measured, both inclusive. */
  readonly minDurationMs?: number
  readonly maxDurationMs?: number
  /** With any finding, with none, or with the one of this name. */
  readonly findings?: string
}

/** The same as people write it. */
export interface WrittenCriteria {
  readonly workspace: string
  readonly id?: readonly string[] | undefined
  readonly sourceId?: string | undefined
  readonly number?: readonly string[] | undefined
  readonly channel?: string | undefined
  readonly direction?: string | undefined
  /** Days (UTC) or moments. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** `90`, `90s`, `1m30s`, `2h`. */
  readonly minDuration?: string | undefined
  readonly maxDuration?: string | undefined
  readonly findings?: string | undefined
  /** To which numbers without a country's code belong. */
  readonly country?: string | undefined
}

export type ReadCriteria =
  | { readonly ok: true; readonly criteria: Criteria }
  | { readonly ok: false; readonly faults: readonly string[] }

const MAX_IDS = 500
const MAX_NUMBERS = 100
const MAX_TEXT = 200
const [EARLIEST, LATEST] = ['0001-01-01', '9999-12-31'] as const

/** All that a recording's quality may be found to be; docs/sidecar.md says what each means. */
const FINDINGS: readonly string[] = [
  ...MP3_FINDINGS,
  'duration-differs',
  'channels-differ',
  'format-differs',
  'content-type-differs',
]
const DIRECTIONS = ['incoming', 'outgoing']

/**
 * Reads criteria as people write them; all faults together, none of which repeats a telephone number.
 * @param label how an option is called where it was written: `--from`
 */
export function readCriteria(
  written: WrittenCriteria,
  label: (option: string) => string = (option) =>
    `--${option.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`,
): ReadCriteria {
  const faults: string[] = []
  const refuse = (option: keyof WrittenCriteria, reason: string): undefined => {
    faults.push(`${label(option)} ${reason}`)
  }
  const text = (option: 'sourceId' | 'channel'): string | undefined => {
    const value = written[option]?.trim()
    if (value === undefined) return undefined
    if (value === '' || value.length > MAX_TEXT || /\p{Cc}/u.test(value))
      return refuse(option, 'is empty, longer than any id, or has characters that no id has')
    return isRecordingId(value) ? value.toLowerCase() : value
  }
  const oneOf = (option: 'direction' | 'findings', known: readonly string[]): string | undefined => {
    const value = written[option]?.trim().toLowerCase()
    if (value === undefined || known.includes(value)) return value
    return refuse(option, `is none of ${known.join(', ')}`)
  }
  const duration = (option: 'minDuration' | 'maxDuration'): number | undefined => {
    const value = written[option]
    if (value === undefined) return undefined
    return readDuration(value) ?? refuse(option, 'is no duration, such as 90, 90s, 1m30s or 2h')
  }

  const workspaceId = toWorkspaceId(written.workspace.trim())
  if (!WORKSPACE_ID.test(workspaceId)) refuse('workspace', 'has characters that no workspace id has')
  const criteria = {
    workspaceId,
    range: readDays(written, label, faults),
    recordingIds: readIds(written.id, refuse),
    sourceId: text('sourceId'),
    numbers: readNumbers(written, label, refuse),
    channelId: text('channel'),
    direction: oneOf('direction', DIRECTIONS),
    minDurationMs: duration('minDuration'),
    maxDurationMs: duration('maxDuration'),
    findings: oneOf('findings', ['any', 'none', ...FINDINGS]),
  }
  if ((criteria.minDurationMs ?? 0) > (criteria.maxDurationMs ?? Number.MAX_SAFE_INTEGER))
    refuse('minDuration', `is longer than ${label('maxDuration')}`)
  if (faults.length > 0) return { ok: false, faults }
  const given = Object.entries(criteria).filter(([, value]) => value !== undefined)
  return { ok: true, criteria: Object.fromEntries(given) as unknown as Criteria }
}

type Refuse = (option: keyof WrittenCriteria, reason: string) => undefined

function readDays(
  { from, to }: WrittenCriteria,
  label: (option: string) => string,
  faults: string[],
): Range | undefined {
  if (from === undefined && to === undefined) return undefined
  const read = readRange(from ?? EARLIEST, to ?? LATEST, new Date(`${LATEST}T23:59:59Z`))
  if (read.ok) return read.range
  faults.push(read.reason.replace(/--(from|to)\b/g, (_, option: string) => label(option)))
  return undefined
}

function readIds(ids: readonly string[] | undefined, refuse: Refuse): readonly string[] | undefined {
  if (ids === undefined || ids.length === 0) return undefined
  const read = [...new Set(ids.map((id) => id.trim().toLowerCase()))]
  if (read.length > MAX_IDS) return refuse('id', `names more than ${MAX_IDS} recordings`)
  const strange = read.find((id) => !isRecordingId(id))
  return strange === undefined ? read : refuse('id', `${strange.slice(0, 40)} is not a recording id (a UUID)`)
}

function readNumbers(
  { number: numbers = [], country }: WrittenCriteria,
  label: (option: string) => string,
  refuse: Refuse,
): readonly string[] | undefined {
  const here = country?.trim().toUpperCase()
  if (here !== undefined && !isKnownCountry(here))
    return refuse('country', 'is not the two letters of a country (ISO 3166), such as DE')
  if (numbers.length === 0) return undefined
  if (numbers.length > MAX_NUMBERS) return refuse('number', `names more than ${MAX_NUMBERS} numbers`)
  const forms = new Set<string>()
  for (const [index, number] of numbers.entries()) {
    const read = readNumber(number, here)
    // It is not repeated: faults end in logs, too.
    const which = numbers.length === 1 ? '' : `no. ${index + 1} `
    const remedy = !read.ok && read.lacksCountry ? `, or name the country with ${label('country')}` : ''
    if (!read.ok) refuse('number', which + read.reason + remedy)
    else for (const form of read.forms) forms.add(form)
  }
  return [...forms]
}

const DURATION = /^(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8})(?:\.(\d{1,3}))?s?)?$/

/** In milliseconds; undefined where it is none. A bare number is seconds. */
function readDuration(text: string): number | undefined {
  const [whole = '', hours = '0', minutes = '0', seconds = '0', fraction = ''] =
    DURATION.exec(text.replace(/\s/g, '').toLowerCase()) ?? []
  if (whole === '') return undefined
  const wholeSeconds = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return wholeSeconds * 1000 + Number(fraction.padEnd(3, '0'))
}
