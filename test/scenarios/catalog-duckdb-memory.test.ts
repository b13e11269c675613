import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../lib/catalog/catalog.ts'
import { createDuckDbCatalog } from '../../lib/catalog/duckdb.ts'
import type { LocalFile } from '../../lib/catalog/segments.ts'
import { rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { readPages } from '../helpers/catalog-under-test.ts'
import { makeDirectory } from '../helpers/s3-sandbox.ts'

const DAYS = ['2024-03-01', '2024-03-02', '2024-03-03', '2024-03-04']
const ROWS_OF_DAY = 5_000
/** All rows together are 80 MB. */
const LONG_ID = 'x'.repeat(4_000)

/** A search through more than DuckDB may hold, in a directory of its own. */
async function openLarge(memory: string): Promise<{ readonly catalog: Catalog; readonly directory: string }> {
  const directory = await makeDirectory()
  const files: LocalFile[] = []
  for (const day of DAYS) {
    const home = join(directory, `workspace=${WORKSPACE}`, `day=${day}`)
    await mkdir(home, { recursive: true })
    const rows = Array.from({ length: ROWS_OF_DAY }, (_, index) =>
      rowOf(`${day} ${index}`, { created_at: `${day}T09:00:00.000Z`, source_id: `${LONG_ID}${index}` }),
    )
    const path = join(home, 'rows.ndjson')
    await writeFile(path, segmentOf(rows))
    files.push({ key: path, name: 'rows.ndjson', format: 'ndjson', path, unreadableLines: 0 })
  }
  return { directory, catalog: createDuckDbCatalog(() => Promise.resolve({ files, reasons: [] }), memory) }
}

describe('a search that finds more than DuckDB may hold', () => {
  it('is answered to its end, page by page, and leaves nothing beside the files', async () => {
    const { catalog, directory } = await openLarge('128MB')
    const pages = await readPages(catalog, { workspaceId: WORKSPACE }, 10_000)
    expect(pages.map(({ rows, complete }) => [rows.length, complete])).toEqual([
      [10_000, true],
      [10_000, true],
    ])
    const ids = new Set(pages.flatMap(({ rows }) => rows.map(({ recording_id: id }) => id)))
    expect(ids.size).toBe(DAYS.length * ROWS_OF_DAY)
    expect(await readdir(directory)).toEqual([`workspace=${WORKSPACE}`])
  }, 60_000)

  it('says to narrow the days where that is too little even so, and leaves nothing either', async () => {
    const { catalog, directory } = await openLarge('16MB')
    const search = catalog.search({ workspaceId: WORKSPACE }, { limit: 20 }, new AbortController().signal)
    await expect(search).rejects.toThrow(
      'the catalog cannot be searched: that takes more memory, or more room on the disk, than there is: narrow the days (--from, --to)',
    )
    expect(await readdir(directory)).toEqual([`workspace=${WORKSPACE}`])
  }, 60_000)
})
