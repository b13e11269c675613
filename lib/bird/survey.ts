import pLimit from 'p-limit'
import { readListed } from '../backfill/listed.ts'
import type { Asked } from '../backfill/account.ts'
import { createListing, type Listing } from '../backfill/listing.ts'
import { queryOf, type Window } from '../backfill/window.ts'
import { BirdError } from '../errors.ts'
import type { BirdClient, CallTime } from './client.ts'
import { listRecordings } from './list.ts'
import { recordingPath } from './recordings.ts'

/** What the list said of a window; with a `fault` it did not come to its end, and what it said before stands. */
export interface Survey {
  readonly listing: Listing
  readonly tooMany: boolean
  readonly fault: string | undefined
}

const FAULTS = {
  circling: 'the list goes on without anything new in it',
  unfiltered: 'hardly anything in the list lies in the time that was asked for',
} as const

/**
 * Lists a window to its end.
 * @param limit recordings that are held at once; a window that has more is left, to be split
 * @throws BirdError if Bird answers nothing that could be used, or says that we may not ask (401, 403)
 */
export async function surveyWindow(
  client: BirdClient,
  workspaceId: string,
  window: Window,
  limit: number,
  time: CallTime,
): Promise<Survey> {
  const listing = createListing(window, limit)
  try {
    for await (const items of listRecordings(client, workspaceId, queryOf(window), time)) {
      const verdict = listing.add(items)
      if (verdict === 'too-many') return { listing, tooMany: true, fault: undefined }
      if (verdict !== 'more') return { listing, tooMany: false, fault: FAULTS[verdict] }
    }
    return { listing, tooMany: false, fault: undefined }
  } catch (error) {
    time.signal.throwIfAborted()
    const isOfUse = listing.pages > 0 && error instanceof BirdError && !isForAll(error)
    if (!isOfUse) throw error
    return { listing, tooMany: false, fault: error.message }
  }
}

/** Not this list is at fault but the key, or the time is over. */
function isForAll({ failure }: BirdError): boolean {
  return failure.status === 401 || failure.status === 403 || failure.status === 429
}

/**
 * Asks for one recording by its id. That Bird has no such recording, or refuses the id, is an answer.
 * @throws BirdError for anything else
 */
export async function askFor(
  client: BirdClient,
  workspaceId: string,
  recordingId: string,
  time: CallTime,
): Promise<Asked> {
  // What is gone is asked for by every sweep until a person gives it up: once is enough each time.
  const { status, text } = await client.get(
    'get recording',
    recordingPath(workspaceId, recordingId),
    [200, 404, 422],
    time,
  )
  if (status === 404) return { fault: 'gone: Bird knows it no more' }
  if (status === 422) return { fault: 'unprocessable' }
  const read = readListed(parseOrNothing(text))
  if (!read.ok) return { fault: read.reason }
  return read.listed.recordingId === recordingId
    ? read.listed
    : { fault: 'Bird answered with another recording than was asked for' }
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** More at once gain nothing against a limit of 50 requests/s. */
const ASKED_AT_ONCE = 8

/** Asks for many, each by its id. Rejects with the first fault; then no more are begun. */
export async function askAll(
  client: BirdClient,
  workspaceId: string,
  ids: Iterable<string>,
  time: CallTime,
): Promise<Map<string, Asked>> {
  const limit = pLimit(ASKED_AT_ONCE)
  const ask = async (id: string) => [id, await askFor(client, workspaceId, id, time)] as const
  try {
    return new Map(await Promise.all(Array.from(ids, (id) => limit(() => ask(id)))))
  } finally {
    limit.clearQueue()
  }
}
