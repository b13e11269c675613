import { type ArchiveConfig, readArchiveConfig } from '../archive-config.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Criteria } from '../catalog/criteria.ts'
import type { CatalogEntry } from '../catalog/entry.ts'
import type { Cursor } from '../catalog/search.ts'
import { composeCatalog } from '../compose-catalog.ts'
import { nameWorkspaces, readRequester, readWorkspaces, type WhoAndWhy } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { createFetchProgress } from './find-progress.ts'
import { cacheDirectory, type FindCriteria, readFindCriteria } from './find-options.ts'
import { CSV_HEAD, layTable, toCsv } from './find-table.ts'
import { noteSearch, writtenCriteria } from './note-search.ts'
import { count, printCsv, printHint, printJson, printLine, printProblem, style } from './print.ts'
import { watchSignals } from './watch-signals.ts'

export interface FindOptions extends FindCriteria, WhoAndWhy {
  readonly workspace?: string | undefined
  readonly limit?: number | undefined
  readonly cache?: string | undefined
  readonly format: 'table' | 'json' | 'csv'
}

const PAGE_ROWS = 5_000
const NAMED_IDS = 3

/** Prints what the criteria find. Resolves to the exit code: 0 if that is something, and all of it. */
export async function findRecordings(options: FindOptions): Promise<number> {
  const config = readArchiveConfig(process.env)
  const requester = readRequester(options, config)
  const searches = readWorkspaces(options.workspace, config).map((id) =>
    readFindCriteria(options, id, config),
  )
  const progress = createFetchProgress()
  const local = composeCatalog(config, {
    directory: cacheDirectory(config, options.cache),
    onFetch: progress.update,
    onUnknown: sayUnknown,
  })
  const stop = new AbortController()
  using signals = watchSignals({ onFirst: () => stop.abort(), onSecond: () => stop.abort() })
  const printRow = startPrinting(options.format)
  const found = { rows: 0, isCut: false, reasons: [] as string[] }
  try {
    for (const criteria of searches) {
      await noteSearch(criteria, writtenCriteria(options), requester, local, stop.signal)
      progress.begin()
      const left = (options.limit ?? Number.MAX_SAFE_INTEGER) - found.rows
      const pages = readPages(local.catalog, criteria, left, stop.signal)
      for await (const { rows, reasons, isCut } of pages) {
        for (const row of rows) printRow(row)
        found.rows += rows.length
        found.isCut ||= isCut
        found.reasons.push(...reasons.filter((reason) => !found.reasons.includes(reason)))
      }
    }
    const exitCode = sayEnd(
      found,
      searches.map(({ workspaceId }) => workspaceId),
    )
    if (found.rows === 0) hintAtCountry(options, config)
    return exitCode
  } catch (error) {
    progress.end()
    const exitCode = signals.exitCode()
    if (exitCode === undefined) throw error
    printProblem(`stopped; ${count(found.rows, 'recording')} had been found`)
    return exitCode
  } finally {
    await local.close()
  }
}

interface FoundPage {
  readonly rows: readonly CatalogEntry[]
  readonly reasons: readonly string[]
  /** Whether there are more than were asked for. */
  readonly isCut: boolean
}

async function* readPages(
  catalog: Catalog,
  criteria: Criteria,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<FoundPage, void, undefined> {
  let left = limit
  let after: Cursor | undefined
  do {
    // Where nothing more is wanted, one row still tells whether there is more.
    const page = await catalog.search(
      criteria,
      { limit: Math.max(1, Math.min(left, PAGE_ROWS)), after },
      signal,
    )
    const rows = page.rows.slice(0, left)
    left -= rows.length
    const isCut = left === 0 && (page.next !== undefined || page.rows.length > rows.length)
    yield { rows, reasons: page.reasons, isCut }
    after = isCut ? undefined : page.next
  } while (after !== undefined)
}

function startPrinting(format: FindOptions['format']): (entry: CatalogEntry) => void {
  if (format === 'json') return printJson
  if (format === 'csv') {
    printCsv(CSV_HEAD)
    return (entry) => printCsv(toCsv(entry))
  }
  const table = layTable(process.stdout.columns)
  let isFirst = true
  return (entry) => {
    if (isFirst) for (const line of table.head) printLine(style('bold', line))
    isFirst = false
    for (const line of table.lines(entry)) printLine(line)
  }
}

/** It takes longer than it looks. */
function sayUnknown(workspaceId: string, ids: readonly string[]): void {
  const named = `${ids.slice(0, NAMED_IDS).join(', ')}${ids.length > NAMED_IDS ? ', …' : ''}`
  printHint(
    `${count(ids.length, 'recording')} (${named}) without a sidecar that can be read in workspace ${workspaceId}: ` +
      'of another workspace, lost, or never archived. All of its catalog is searched.',
  )
}

/** `2025550187` is a number of Egypt's as much as one of the United States', and only one of them was looked for. */
function hintAtCountry({ number = [], country }: FindOptions, config: Pick<ArchiveConfig, 'country'>): void {
  if (country !== undefined || config.country !== undefined) return
  if (!number.some((text) => /^[1-9]\d{6,}$/.test(text.trim()))) return
  printHint(
    "A number that is digits alone was taken to begin with its country's code: if it has none, write it as +49 30 123456, or " +
      'name the country with --country (RETRIEVE_COUNTRY).',
  )
}

function sayEnd(
  found: { readonly rows: number; readonly isCut: boolean; readonly reasons: readonly string[] },
  workspaceIds: readonly string[],
): number {
  for (const reason of found.reasons) printProblem(`not complete: ${reason}`)
  const what = found.rows === 0 ? 'No recording found' : `${count(found.rows, 'recording')} found`
  if (found.isCut) printHint(`${what}; there are more: --limit cut them off.`)
  else if (found.reasons.length > 0) printHint(`${what}; there may be more.`)
  else printHint(found.rows === 0 ? `${what} in ${nameWorkspaces(workspaceIds)}.` : `${what}; that is all.`)
  return found.rows > 0 && !found.isCut && found.reasons.length === 0 ? EXIT.done : EXIT.incomplete
}
