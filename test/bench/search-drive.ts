import { readFileSync, writeFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { createDuckDbCatalog } from '../../lib/catalog/duckdb.ts'
import type { SearchPlan, SearchResults } from './search-plan.ts'

// This process does what `bird-archive find` does once the catalog's objects are on the machine.

const [, , planFile = ''] = process.argv
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as SearchPlan
const catalog = createDuckDbCatalog(() => Promise.resolve({ files: plan.files, reasons: [] }))
const searches: SearchResults['searches'][number][] = []
for (const number of plan.numbers) {
  const startMs = performance.now()
  const criteria = { workspaceId: plan.workspaceId, numbers: [number] }
  const { rows, complete } = await catalog.search(criteria, { limit: 1000 }, new AbortController().signal)
  searches.push({ ms: performance.now() - startMs, rows: rows.length, complete })
}
writeFileSync(plan.resultFile, JSON.stringify({ searches } satisfies SearchResults))
