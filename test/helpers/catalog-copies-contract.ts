import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../lib/catalog/catalog.ts'
import type { Criteria } from '../../lib/catalog/criteria.ts'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'
import { rowOf, WORKSPACE } from './catalog-rows.ts'
import { type CatalogUnderTest, readPages } from './catalog-under-test.ts'

/** What every engine has to make of several rows of one recording. */
export function describeCopies(engine: string, open: () => Promise<CatalogUnderTest>): void {
  const readAll = async (catalog: Catalog, limit: number, range?: Criteria['range']) =>
    (await readPages(catalog, { workspaceId: WORKSPACE, ...(range && { range }) }, limit)).flatMap(
      ({ rows }) => rows,
    )
  const at = (day: string, name: string, more: Partial<CatalogEntry> = {}): CatalogEntry =>
    rowOf(name, { created_at: `${day}T09:00:00.000Z`, ...more })
  const putEach = async ({ put }: CatalogUnderTest, rows: readonly CatalogEntry[]): Promise<void> => {
    for (const [index, row] of rows.entries()) await put(row.created_at.slice(0, 10), `batch-${index}`, [row])
  }

  describe(`rows of one recording that are not the same, read by ${engine}`, () => {
    it.each([
      ['one of which was archived first', { archived_at: '2024-03-01T10:00:00.000Z' }],
      ['one of which is of an earlier moment', { created_at: '2024-03-01T08:00:00.000Z' }],
      ['which differ in what was made of one sidecar', { source_id: 'a' }],
      ['one of which knows of more findings', { findings: ['cut-frame'] }],
      ['one of which has no channels', { channels: 1 }],
    ] satisfies [string, Partial<CatalogEntry>][])(
      'are told as one and the same row, whatever their order: %s',
      async (_, more) => {
        const second = at('2024-03-01', 'twice', {
          archived_at: '2024-03-01T11:00:00.000Z',
          source_id: 'b',
          findings: ['cut-frame', 'cut-tag'],
          channels: null,
        })
        const first = { ...second, ...more }
        for (const rows of [
          [first, second],
          [second, first],
        ]) {
          const world = await open()
          await putEach(world, rows)
          expect(await readAll(world.catalog, 10)).toEqual([first])
        }
      },
    )

    it('are told once, by the earliest moment, on whatever page that is', async () => {
      const world = await open()
      const early = at('2024-03-03', 'twice', { archived_at: '2024-03-07T00:00:00.000Z' })
      const others = ['2024-03-02', '2024-03-04', '2024-03-06'].map((day) => at(day, day))
      await putEach(world, [
        early,
        ...others,
        at('2024-03-03', 'same day', { created_at: '2024-03-03T23:00:00.000Z' }),
        at('2024-03-05', 'twice', { archived_at: '2024-03-06T00:00:00.000Z' }),
      ])
      const all = await readAll(world.catalog, 10)
      expect(all.map(({ created_at: moment }) => moment.slice(0, 13))).toEqual([
        '2024-03-06T09',
        '2024-03-04T09',
        '2024-03-03T23',
        '2024-03-03T09',
        '2024-03-02T09',
      ])
      expect(all[3]).toEqual(early)
      for (const limit of [1, 2, 3, 4]) expect(await readAll(world.catalog, limit)).toEqual(all)
    })

    it('are found by any of them', async () => {
      const world = await open()
      const late = at('2024-03-05', 'twice')
      await putEach(world, [at('2024-03-03', 'twice'), late])
      const range = { from: new Date('2024-03-04T00:00:00Z'), to: new Date('2024-03-06T00:00:00Z') }
      expect(await readAll(world.catalog, 10, range)).toEqual([late])
    })
  })
}
