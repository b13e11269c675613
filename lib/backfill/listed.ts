import * as v from 'valibot'
import { readCallTime } from '../archive/call-time.ts'
import { isRecordingId } from '../archive/message.ts'

/** One recording as the list tells it, as far as a sweep looks at it. */
export interface Listed {
  /** Lower-case UUID. */
  readonly recordingId: string
  /** Bird's enum is open. */
  readonly status: string
  readonly createdAt: Date
  /** When the call began; undefined where Bird does not say. */
  readonly startedAt?: Date
  /** Whole seconds; undefined where Bird does not say. */
  readonly durationSeconds: number | undefined
}

export type ReadListed =
  | { readonly ok: true; readonly listed: Listed }
  /** `recordingId` where at least that can be read. */
  | { readonly ok: false; readonly recordingId: string | undefined; readonly reason: string }

/** What is later is no time of a call, and far enough from the end of what a window can be named by. */
const LATEST = new Date('3000-01-01T00:00:00Z')

/** When a recording was created; undefined for what no recording can have, and no window can hold. */
export function readCreatedAt(told: unknown): Date | undefined {
  const moment = typeof told === 'string' ? readCallTime(told) : undefined
  return moment instanceof Date && moment < LATEST ? moment : undefined
}

const Moment = v.pipe(v.unknown(), v.transform(readCreatedAt), v.date())

const Item = v.looseObject({
  id: v.pipe(v.string(), v.check(isRecordingId)),
  status: v.string(),
  createdAt: Moment,
  startedAt: v.fallback(v.optional(Moment), undefined),
})

/** Reads one of the list's `results`; links in it are left where they are. */
export function readListed(item: unknown): ReadListed {
  const parsed = v.safeParse(Item, item)
  if (parsed.success) {
    const { id, status, createdAt, startedAt, duration } = parsed.output
    const durationSeconds = typeof duration === 'number' && duration > 0 ? duration : undefined
    const began = startedAt === undefined ? {} : { startedAt }
    return {
      ok: true,
      listed: { recordingId: id.toLowerCase(), status, createdAt, ...began, durationSeconds },
    }
  }
  const id = typeof item === 'object' && item !== null && 'id' in item ? item.id : undefined
  const fields = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'whole')
  return {
    ok: false,
    recordingId: typeof id === 'string' && isRecordingId(id) ? id.toLowerCase() : undefined,
    reason: `unreadable in the list: ${[...new Set(fields)].join(', ')}`,
  }
}
