import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import { openCases, readHolds } from '../retrieve/hold.ts'
import type { RetrieveKeys } from '../retrieve/keys.ts'
import type { Documents } from './documents.ts'

/**
 * Tells for which cases a recording must be under legal hold: those that are open and were not placed just now.
 * @throws StoreError where that cannot be read
 */
export type ExpectedHolds = (
  workspaceId: string,
  recordingId: string,
  signal: AbortSignal,
) => Promise<readonly string[]>

/** A case is written down before its holds are placed. */
const SETTLING_MS = 3_600_000
/** Few recordings are held: which have a document is listed now and then, and only those are asked for. */
const LISTING_MS = 600_000

export function createExpectedHolds(
  documents: Pick<Documents, 'read' | 'list'>,
  keys: RetrieveKeys,
  clock: Clock,
): ExpectedHolds {
  const listings = new Map<string, { readonly atMs: number; readonly keys: Promise<ReadonlySet<string>> }>()

  const list = async (workspaceId: string, signal: AbortSignal): Promise<ReadonlySet<string>> => {
    const found = new Set<string>()
    for await (const key of documents.list(keys.allHolds(workspaceId), signal)) found.add(key)
    return found
  }

  const listed = async (workspaceId: string, signal: AbortSignal): Promise<ReadonlySet<string>> => {
    const nowMs = clock.now().getTime()
    let listing = listings.get(workspaceId)
    if (listing === undefined || nowMs - listing.atMs > LISTING_MS) {
      listing = { atMs: nowMs, keys: list(workspaceId, signal) }
      listings.set(workspaceId, listing)
      // One that failed is not asked again; the next recording lists anew.
      listing.keys.catch(() => listings.delete(workspaceId))
    }
    return await listing.keys
  }

  return async (workspaceId, recordingId, signal) => {
    const key = keys.hold(workspaceId, recordingId)
    if (!(await listed(workspaceId, signal)).has(key)) return []
    const text = (await documents.read(key, signal))?.text
    if (text === undefined) return []
    const read = readHolds(text)
    if (!read.ok)
      throw new StoreError(`${key}: ${read.reason}; an earlier version of the object may be whole`)
    const nowMs = clock.now().getTime()
    return openCases(read.holds)
      .filter(({ placed }) => nowMs - placed.at.getTime() > SETTLING_MS)
      .map(({ caseNumber }) => caseNumber)
  }
}
