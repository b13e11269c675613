import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Measure } from './measure.ts'
import { type CatalogSize, makeCatalog, WORKSPACE } from './search-catalog.ts'
import type { SearchFigures } from './search-figures.ts'
import type { CachePlan, CacheResults } from './search-plan.ts'

/** Calls that were archived one by one. */
const BROUGHT: CatalogSize = { rows: 20_000, days: 200, batch: 1 }

/** Brings many small objects to this machine, first when none is here, then when all are. */
export async function measureCache(measure: Measure, directory: string): Promise<readonly SearchFigures[]> {
  const { segments } = await makeCatalog(join(directory, 'small-catalog'), BROUGHT)
  const [planFile, resultFile] = [join(directory, 'cache.json'), join(directory, 'cache-result.json')]
  const files = segments.map(({ path }) => ({ key: path, bytes: statSync(path).size }))
  const plan: CachePlan = { workspaceId: WORKSPACE, files, directory: join(directory, 'cache'), resultFile }
  writeFileSync(planFile, JSON.stringify(plan))
  const program = join(import.meta.dirname, 'search-cache-drive.ts')
  const usage = await measure([process.execPath, program, planFile], {})
  if (usage.exitCode !== 0) throw new Error(`bringing objects here failed: ${usage.complaint}`)
  const { rounds } = JSON.parse(readFileSync(resultFile, 'utf8')) as CacheResults
  return rounds.map(({ form, fetched, ms, cpuSeconds }): SearchFigures => {
    const wanted = form === 'fetch' ? files.length : 0
    return {
      form,
      rows: BROUGHT.rows,
      files: files.length,
      times: 1,
      firstMs: ms,
      medianMs: ms,
      allSeconds: ms / 1000,
      cpuSeconds,
      maxRssMb: usage.maxRssKb / 1000,
      complaint: fetched === wanted ? undefined : `${fetched} were fetched of ${wanted}`,
    }
  })
}
