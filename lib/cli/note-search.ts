import type { JsonObject } from '../archive/recording.ts'
import type { Criteria } from '../catalog/criteria.ts'
import type { LocalCatalog } from '../compose-catalog.ts'
import type { Requester } from '../retrieve/retrieve.ts'
import { CRITERIA, type FindCriteria } from './find-options.ts'

/** What was looked for, as it was written; undefined where nothing was. */
export function writtenCriteria(options: FindCriteria): JsonObject | undefined {
  const given = CRITERIA.map((name) => [name, options[name]] as const).filter(
    ([, value]) => value !== undefined,
  )
  return given.length === 0 ? undefined : (Object.fromEntries(given) as JsonObject)
}

/** Writes a search into the access log; rejects where that cannot be done, and then nothing is searched. */
export async function noteSearch(
  { workspaceId, recordingIds = [] }: Criteria,
  written: JsonObject | undefined,
  requester: Requester,
  { accessLog, clock, newId }: Pick<LocalCatalog, 'accessLog' | 'clock' | 'newId'>,
  signal: AbortSignal,
): Promise<void> {
  // The line names recordings in a place of its own.
  const { id: _, ...criteria } = written ?? {}
  const line = { ...requester, id: newId(), at: clock.now(), action: 'search' as const }
  await accessLog.write({ ...line, workspaceId, recordingIds, criteria }, signal)
}
