import { statusAt } from './bird-recording.ts'
import type { BirdCall, BirdParty } from './bird-recording.ts'

/** What `GET /workspaces/{ws}/recordings` was asked for. `startAt` is included, `endAt` is not; both compare with `createdAt`. */
export interface ListQuery {
  readonly limit: number
  readonly after?: Position
  readonly startAt?: number
  readonly endAt?: number
  readonly status?: string
  readonly direction?: string
  readonly channelId?: string
  readonly sourceId?: string
  readonly from?: string
  readonly to?: string
}

/** A place in the list: creation in ms since 1970, and the recording's id to tell equals apart. */
export type Position = readonly [createdMs: number, recordingId: string]

/** One page, newest first. `next` is the place of its last recording, if more follow. */
export interface Page {
  readonly calls: readonly BirdCall[]
  readonly next?: Position
}

/** A workspace's recordings, found by id in constant time and listed from any place without going through those before. */
export interface BirdIndex {
  find(recordingId: string): BirdCall | undefined
  list(query: ListQuery, startedAt: Date, at: Date): Page
}

/** Sorts the calls once, newest first. */
export function createBirdIndex(calls: readonly BirdCall[]): BirdIndex {
  const byId = new Map(calls.map((call) => [call.recordingId, call]))
  const rows = calls.map((call) => ({ call, position: positionOf(call) }))
  const sorted = rows.toSorted((a, b) => compare(a.position, b.position))

  /** The first row that does not stand before `position`. */
  function seek(position: Position): number {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const row = sorted[middle]
      if (row !== undefined && compare(row.position, position) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    find: (recordingId) => byId.get(recordingId.toLowerCase()),
    list(query, startedAt, at) {
      const { after, startAt, endAt, limit } = query
      const start = Math.max(
        endAt === undefined ? 0 : seek([endAt - 1, LAST_ID]),
        after === undefined ? 0 : seek(after),
      )
      const found: (typeof sorted)[number][] = []
      for (let index = start; index < sorted.length && found.length <= limit; index++) {
        const row = sorted[index]
        if (row === undefined || (startAt !== undefined && row.position[0] < startAt)) break
        const passed = after !== undefined && compare(row.position, after) === 0
        if (!passed && matches(row.call, query, () => statusAt(row.call, startedAt, at).status))
          found.push(row)
      }
      const page = found.slice(0, limit)
      const last = page.at(-1)
      return {
        calls: page.map((row) => row.call),
        ...(found.length > limit && last !== undefined && { next: last.position }),
      }
    },
  }
}

const LAST_ID = '~'

function positionOf(call: BirdCall): Position {
  return [Date.parse(call.metadata.createdAt), call.recordingId]
}

/** Newest first; of the same millisecond, the greater id first. */
function compare(a: Position, b: Position): number {
  if (a[0] !== b[0]) return b[0] - a[0]
  return a[1] === b[1] ? 0 : a[1] < b[1] ? 1 : -1
}

function matches(call: BirdCall, query: ListQuery, status: () => string): boolean {
  const { metadata } = call
  return (
    (query.direction === undefined || query.direction === metadata.direction) &&
    (query.channelId === undefined || query.channelId === metadata.channelId) &&
    (query.sourceId === undefined || query.sourceId === metadata.sourceId) &&
    (query.from === undefined || isAt(metadata.originator, query.from)) &&
    (query.to === undefined || isAt(metadata.receiver, query.to)) &&
    (query.status === undefined || query.status === status())
  )
}

function isAt(party: BirdParty | undefined, number: string): boolean {
  return party?.number.number === number.replace(/^\+/, '')
}
