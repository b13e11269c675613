import { createHash } from 'node:crypto'
import { decide } from '../archive/decide.ts'
import { type Listed, readListed } from './listed.ts'
import { isWithin, queryOf, type Window, windowAt } from './window.ts'

/** All that Bird's list says of one window, gathered page by page, whatever order and however often it says it. */
export interface Listing {
  /** Recordings of the window, by id. */
  readonly own: ReadonlyMap<string, Listed>
  /** Recordings that lie outside of the time that was asked for: then Bird's filter does not mean `createdAt`. */
  readonly strays: ReadonlyMap<string, Listed>
  /**
   * Recordings of the time around the window that no list of their own window names if Bird's filter means `startedAt`:
   * these began in this one.
   */
  readonly borderline: ReadonlyMap<string, Listed>
  /** Why an item could not be read, by its id. */
  readonly unreadable: ReadonlyMap<string, string>
  /** Items that have no id either. */
  readonly nameless: number
  readonly pages: number
  /** Says the same where the same recordings are named, and the same of them are said to have no audio. */
  digest(): string
  /**
   * Takes the items of one page in.
   * - `too-many`: the window holds more than fit into memory, and can be split
   * - `circling`: for long nothing new has come, so the end will not come either
   * - `unfiltered`: hardly anything lies in the time that was asked for
   */
  add(items: readonly unknown[]): 'more' | 'too-many' | 'circling' | 'unfiltered'
  /**
   * Gives one that could not be read its place, now that Bird was asked for it: it is the window's, or a stray, or goes
   * where it is another window's.
   */
  place(recordingId: string, said: Omit<Listed, 'recordingId'> | { readonly fault: string }): void
}

/** Pages in a row that bring nothing new: more than any page that was cut anew can repeat. */
const STALE_PAGES = 50
/** Some recordings may lie a little outside; a list of nothing else is another list. */
const MANY_STRAYS = 2_000

/** @param limit recordings of a window that are held at once, where a window can be split */
export function createListing(window: Window, limit: number): Listing {
  const own = new Map<string, Listed>()
  const strays = new Map<string, Listed>()
  const borderline = new Map<string, Listed>()
  const unreadable = new Map<string, string>()
  const asked = queryOf(window)
  const seen = new Set<string>()
  let [nameless, pages, stalePages] = [0, 0, 0]

  const sort = (listed: Listed): void => {
    const { recordingId, createdAt, startedAt = createdAt } = listed
    // `endAt` may be inclusive.
    const reach = { from: asked.startAt, to: new Date(asked.endAt.getTime() + 1) }
    if (isWithin(createdAt, window)) own.set(recordingId, listed)
    else if (!isWithin(createdAt, reach)) strays.set(recordingId, listed)
    else if (isWithin(startedAt, window) && !isListedAt(createdAt, startedAt))
      borderline.set(recordingId, listed)
  }

  const take = (item: unknown): void => {
    const read = readListed(item)
    const id = read.ok ? read.listed.recordingId : read.recordingId
    if (id === undefined) nameless += 1
    else seen.add(id)
    if (read.ok) sort(read.listed)
    else if (id !== undefined) unreadable.set(id, read.reason)
  }

  return {
    own,
    strays,
    borderline,
    unreadable,
    get nameless() {
      return nameless
    },
    get pages() {
      return pages
    },
    digest: () => {
      const ids = new Set([...own.keys(), ...unreadable.keys()])
      return digestOf([...ids].map((id) => (hasNoAudio(own.get(id)) ? `${id} no audio` : id)))
    },
    add(items) {
      // What has no id cannot be told from what came before.
      const before = seen.size
      for (const item of items) take(item)
      pages += 1
      stalePages = seen.size === before ? stalePages + 1 : 0
      if (own.size > limit && window.size !== 'minute') return 'too-many'
      if (stalePages >= STALE_PAGES) return 'circling'
      return strays.size > MANY_STRAYS + own.size ? 'unfiltered' : 'more'
    },
    place(recordingId, said) {
      if (!('fault' in said) && unreadable.delete(recordingId)) sort({ recordingId, ...said })
    },
  }
}

function hasNoAudio(listed: Listed | undefined): boolean {
  return listed !== undefined && decide(listed.status) === 'nothing-to-archive'
}

/** Whether a window of any size that holds `createdAt` asks for `startedAt`, too. */
function isListedAt(createdAt: Date, startedAt: Date): boolean {
  const { startAt, endAt } = queryOf(windowAt(createdAt, 'minute'))
  return isWithin(startedAt, { from: startAt, to: endAt })
}

/**
 * Tells which recordings of other windows a window's list and its sidecars name, each once for each thing that is said
 * of it: a run that looked at a window again whenever another one's list contradicts it would come to no end.
 */
export function createHearsay(): (
  listing: Listing | undefined,
  elsewhere: readonly Pick<Listed, 'recordingId' | 'createdAt'>[],
) => Listed[] {
  const heard = new Set<string>()
  return (listing, elsewhere) => {
    const listed = [...(listing?.strays.values() ?? []), ...(listing?.borderline.values() ?? [])]
    const archived = elsewhere.map((one) => ({ ...one, status: 'available', durationSeconds: undefined }))
    const nameOf = ({ recordingId, status }: Listed): string => `${recordingId} ${status}`
    const news = [...listed, ...archived].filter((one) => !heard.has(nameOf(one)))
    for (const one of news) heard.add(nameOf(one))
    return news
  }
}

/** Recordings by the day that they belong to. */
export function groupByDay(recordings: Iterable<Listed>): ReadonlyMap<Window, readonly Listed[]> {
  const groups = new Map<string, { readonly day: Window; readonly members: Listed[] }>()
  for (const listed of recordings) {
    const day = windowAt(listed.createdAt, 'day')
    const group = groups.get(day.name) ?? { day, members: [] }
    groups.set(day.name, group)
    group.members.push(listed)
  }
  return new Map([...groups.values()].map(({ day, members }) => [day, members]))
}

function digestOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.toSorted().join('\n')).digest('hex')
}
