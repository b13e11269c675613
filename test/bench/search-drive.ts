import { readFileSync, writeFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { Criteria } from '../../lib/catalog/criteria.ts'
import { createDuckDbCatalog } from '../../lib/catalog/duckdb.ts'
import type { Cursor, Page } from '../../lib/catalog/search.ts'
import type { SearchPlan, SearchResults } from './search-plan.ts'

// This process does what `bird-archive find` does once the catalog's objects are on the machine.

/** As many as the command asks for at once. */
const PAGE_ROWS = 5_000

const [, , planFile = ''] = process.argv
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as SearchPlan
const catalog = createDuckDbCatalog(() => Promise.resolve({ files: plan.files, reasons: [] }))
const searches: SearchResults['searches'][number][] = []
if (plan.numbers === 'all') await listAll()
else for (const number of plan.numbers) await search({ numbers: [number] }, { limit: PAGE_ROWS })
writeFileSync(plan.resultFile, JSON.stringify({ searches } satisfies SearchResults))

async function listAll(): Promise<void> {
  let after: Cursor | undefined
  do after = await search({}, { limit: PAGE_ROWS, after })
  while (after !== undefined)
}

async function search(criteria: Omit<Criteria, 'workspaceId'>, page: Page): Promise<Cursor | undefined> {
  const { workspaceId } = plan
  const startMs = performance.now()
  const result = await catalog.search({ workspaceId, ...criteria }, page, new AbortController().signal)
  searches.push({ ms: performance.now() - startMs, rows: result.rows.length, complete: result.complete })
  return result.next
}
