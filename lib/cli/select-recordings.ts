import type { Command, OptionValues } from '@commander-js/extra-typings'
import type { ArchiveConfig } from '../archive-config.ts'
import type { JsonObject } from '../archive/recording.ts'
import type { Criteria } from '../catalog/criteria.ts'
import type { LocalCatalog } from '../compose-catalog.ts'
import type { Requester } from '../retrieve/retrieve.ts'
import { addWhoAndWhy, readWorkspaces } from './access-options.ts'
import { addCriteria, cacheDirectory, type FindCriteria, readFindCriteria } from './find-options.ts'
import { noteSearch, writtenCriteria } from './note-search.ts'
import { readRecordings } from './read-recordings.ts'
import { UsageError } from './usage-error.ts'

/** A selection as it is given at a terminal: recordings that are named, and all that the criteria find. */
export interface SelectionOptions extends FindCriteria {
  readonly ids?: string | undefined
  readonly workspace?: string | undefined
  readonly cache?: string | undefined
}

/** A recording that a command is for. */
export interface SelectedRecording {
  readonly recordingId: string
  /** Where it may be; the first that has it counts. */
  readonly workspaceIds: readonly string[]
}

export interface SelectedRecordings {
  /** Each once: those that were named first, in their order; then those that were found, newest first. */
  readonly recordings: readonly SelectedRecording[]
  /** The criteria as they were written; undefined where recordings were only named. */
  readonly criteria: JsonObject | undefined
  /** Why there may be more than were found; empty where there are not. */
  readonly reasons: readonly string[]
}

/** The options of every command that works on recordings which are named or looked up. */
export function addSelection<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return addWhoAndWhy(addCriteria(command))
    .option('--ids <file>', 'also those of a file: an id a line, CSV or NDJSON; - for stdin')
    .option('--cache <directory>', 'where what is fetched of the catalog is kept')
}

const PAGE_ROWS = 5_000

/**
 * Finds out which recordings are meant. A search is in the access log before it is made.
 * @throws UsageError where nothing says which, or something cannot be read
 */
export async function selectRecordings(
  given: readonly string[],
  options: SelectionOptions,
  requester: Requester,
  config: ArchiveConfig,
  signal: AbortSignal,
): Promise<SelectedRecordings> {
  const criteria = writtenCriteria(options)
  const workspaceIds = readWorkspaces(options.workspace, config)
  if (given.length === 0 && options.ids === undefined && criteria === undefined)
    throw new UsageError('Which recordings?', [
      'name their ids, a file of ids (--ids FILE), or criteria such as --number, --from, --call',
    ])
  const searches =
    criteria === undefined ? [] : workspaceIds.map((id) => readFindCriteria(options, id, config))
  const named =
    given.length === 0 && options.ids === undefined
      ? { recordings: [] }
      : await readRecordings(given, options.ids)
  const chosen = new Map<string, SelectedRecording>()
  /** One that is named for several workspaces may be in each. */
  const choose = (recordingId: string, places: readonly string[]): void => {
    const before = chosen.get(recordingId)?.workspaceIds ?? []
    chosen.set(recordingId, { recordingId, workspaceIds: [...new Set([...before, ...places])] })
  }
  for (const { recordingId, workspaceId } of named.recordings)
    choose(recordingId, workspaceId === undefined ? workspaceIds : [workspaceId])
  if (criteria === undefined) return { recordings: [...chosen.values()], criteria, reasons: [] }

  const reasons = new Set<string>()
  // It brings a database engine along, which is not needed for recordings that are named.
  const { composeCatalog } = await import('../compose-catalog.ts')
  const local = composeCatalog(config, { directory: cacheDirectory(config, options.cache) })
  try {
    for (const search of searches) {
      await noteSearch(search, criteria, requester, local, signal)
      for await (const found of findIds(search, local, reasons, signal)) choose(found, [search.workspaceId])
    }
  } finally {
    await local.close()
  }
  return { recordings: [...chosen.values()], criteria, reasons: [...reasons] }
}

async function* findIds(
  criteria: Criteria,
  { catalog }: Pick<LocalCatalog, 'catalog'>,
  reasons: Set<string>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  let after: Awaited<ReturnType<typeof catalog.search>>['next']
  do {
    const page = await catalog.search(criteria, { limit: PAGE_ROWS, after }, signal)
    for (const row of page.rows) yield row.recording_id
    for (const reason of page.reasons) reasons.add(reason)
    if (!page.complete && page.reasons.length === 0) reasons.add('not all of the catalog could be read')
    after = page.next
  } while (after !== undefined)
}
