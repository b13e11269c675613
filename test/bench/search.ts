import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalFile } from '../../lib/catalog/segments.ts'
import type { Measure } from './measure.ts'
import { measureCache } from './search-cache.ts'
import { CALLERS, callerOf, type CatalogSize, makeCatalog, WORKSPACE } from './search-catalog.ts'
import type { SearchFigures } from './search-figures.ts'
import type { SearchPlan, SearchResults } from './search-plan.ts'

export { writeSearch } from './search-figures.ts'

/** A batch is as many as the queue hands out at once. */
const SEARCHED: CatalogSize = { rows: 200_000, days: 200, batch: 20 }
const LISTED: CatalogSize = { rows: 1_000_000, days: 200, batch: 5_000 }
const SEARCHES = 5

/**
 * Makes a catalog, and searches it by number: as the archiver writes it, and compacted to one Parquet file a day; and lists
 * all of a larger one that is compacted; and brings a catalog's objects to where they are searched.
 */
export async function measureSearch(measure: Measure, directory: string): Promise<readonly SearchFigures[]> {
  const searched = await makeCatalog(join(directory, 'catalog'), SEARCHED)
  const numbers = Array.from({ length: SEARCHES }, (_, index) => callerOf(index * 7))
  const run = (form: SearchFigures['form'], files: readonly LocalFile[], asked: SearchPlan['numbers']) =>
    measureRun(measure, directory, form, files, asked)
  const [segments, compacts] = [
    await run('segments', searched.segments, numbers),
    await run('compacts', searched.compacts, numbers),
  ]
  const listed = await makeCatalog(join(directory, 'large-catalog'), LISTED)
  const list = await run('list', listed.compacts, 'all')
  return [segments, compacts, list, ...(await measureCache(measure, directory))]
}

async function measureRun(
  measure: Measure,
  directory: string,
  form: SearchFigures['form'],
  files: readonly LocalFile[],
  numbers: SearchPlan['numbers'],
): Promise<SearchFigures> {
  const [planFile, resultFile] = [join(directory, `${form}.json`), join(directory, `${form}-result.json`)]
  writeFileSync(
    planFile,
    JSON.stringify({ workspaceId: WORKSPACE, files, numbers, resultFile } satisfies SearchPlan),
  )
  const program = join(import.meta.dirname, 'search-drive.ts')
  const usage = await measure([process.execPath, program, planFile], {})
  if (usage.exitCode !== 0) throw new Error(`searching ${form} failed: ${usage.complaint}`)
  const { searches } = JSON.parse(readFileSync(resultFile, 'utf8')) as SearchResults
  const times = searches.map(({ ms }) => ms)
  return {
    form,
    rows: form === 'list' ? LISTED.rows : SEARCHED.rows,
    files: files.length,
    times: times.length,
    firstMs: times[0] ?? Number.NaN,
    medianMs: times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN,
    allSeconds: times.reduce((sum, ms) => sum + ms, 0) / 1000,
    cpuSeconds: usage.userSeconds + usage.systemSeconds,
    maxRssMb: usage.maxRssKb / 1000,
    complaint: complain(form, searches),
  }
}

function complain(form: SearchFigures['form'], searches: SearchResults['searches']): string | undefined {
  const found = searches.map(({ rows }) => rows)
  const [sum, each] = [found.reduce((all, rows) => all + rows, 0), SEARCHED.rows / CALLERS]
  const isAll = form === 'list' ? sum === LISTED.rows : found.every((rows) => rows === each)
  return isAll && searches.every(({ complete }) => complete)
    ? undefined
    : `found ${form === 'list' ? `${sum} of ${LISTED.rows}` : `${found.join(', ')} of ${each}`}`
}
