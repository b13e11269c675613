import type { ListQuery, Position } from './bird-index.ts'

/** A parameter that Bird refuses with 422. */
export interface RefusedQuery {
  readonly refused: string
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const STATUSES = ['accepted', 'completed', 'ongoing', 'paused', 'available', 'absent', 'failed']
const DIRECTIONS = ['incoming', 'outgoing']
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const MAX_PAGE_TOKEN_CHARACTERS = 8000

/** Tells whether `text` is a UUID, as Bird's ids are. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/**
 * Reads the parameters of Bird's list of recordings: `limit` 1 to 99 (10 if missing), `pageToken`, `startAt`, `endAt`,
 * `status`, `direction`, `channelId`, `sourceId`, `id` (of the call, another word for `sourceId`), `from`, `to`.
 */
export function readListQuery(parameters: URLSearchParams): ListQuery | RefusedQuery {
  const read = (name: string): string | undefined => parameters.get(name) ?? undefined
  const limit = read('limit') ?? '10'
  if (!/^[1-9]\d?$/.test(limit)) return { refused: 'limit must be a whole number from 1 to 99' }

  for (const name of ['startAt', 'endAt']) {
    const time = read(name)
    if (time !== undefined && (!DATE_TIME.test(time) || Number.isNaN(Date.parse(time)))) {
      return { refused: `${name} must be a date-time (RFC 3339)` }
    }
  }
  for (const name of ['channelId', 'sourceId', 'id']) {
    if (!isUuid(read(name) ?? '00000000-0000-0000-0000-000000000000'))
      return { refused: `${name} must be a UUID` }
  }
  const { status, direction } = { status: read('status'), direction: read('direction') }
  if (status !== undefined && !STATUSES.includes(status)) return { refused: 'status is not one that exists' }
  if (direction !== undefined && !DIRECTIONS.includes(direction)) {
    return { refused: 'direction must be incoming or outgoing' }
  }
  const token = read('pageToken')
  const after = token === undefined ? undefined : readPageToken(token)
  if (token !== undefined && after === undefined)
    return { refused: 'pageToken is not one that was given out' }

  const [startAt, endAt, channelId] = [read('startAt'), read('endAt'), read('channelId')?.toLowerCase()]
  const sourceId = (read('sourceId') ?? read('id'))?.toLowerCase()
  const [from, to] = [read('from'), read('to')]
  return {
    limit: Number(limit),
    ...(after !== undefined && { after }),
    ...(startAt !== undefined && { startAt: Date.parse(startAt) }),
    ...(endAt !== undefined && { endAt: Date.parse(endAt) }),
    ...(status !== undefined && { status }),
    ...(direction !== undefined && { direction }),
    ...(channelId !== undefined && { channelId }),
    ...(sourceId !== undefined && { sourceId }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  }
}

/** A keyset token: the place of a page's last recording, as base64url of `[ms, id]`. For callers it is opaque. */
export function writePageToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

function readPageToken(token: string): Position | undefined {
  if (token.length > MAX_PAGE_TOKEN_CHARACTERS) return undefined
  let place: unknown
  try {
    place = JSON.parse(Buffer.from(token, 'base64url').toString())
  } catch {
    return undefined
  }
  if (!Array.isArray(place)) return undefined
  const [createdMs, recordingId] = place as unknown[]
  return Number.isSafeInteger(createdMs) && typeof recordingId === 'string' && isUuid(recordingId)
    ? [Number(createdMs), recordingId]
    : undefined
}
