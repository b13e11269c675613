import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../lib/catalog/catalog.ts'
import { type Criteria, readCriteria, type WrittenCriteria } from '../../lib/catalog/criteria.ts'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'
import type { SearchResult } from '../../lib/catalog/search.ts'
import { describeCopies } from './catalog-copies-contract.ts'
import { idOf, rowOf, WORKSPACE } from './catalog-rows.ts'
import { type CatalogUnderTest, readPages } from './catalog-under-test.ts'

const QUOTES = `' " % _ \\ ; -- \u00e9 '; drop table catalog; --`

/** The rows of every test of the contract, by the names that they are told apart by. */
const CONTRACT_ROWS: Readonly<Record<string, CatalogEntry>> = {
  plain: rowOf('plain'),
  german: rowOf('german', { created_at: '2024-03-01T09:30:00.000Z', from_number: '4930123456' }),
  toGerman: rowOf('toGerman', {
    created_at: '2024-03-02T00:00:00.000Z',
    to_number: '4930123456',
    from_number: null,
    direction: 'outgoing',
  }),
  longer: rowOf('longer', {
    created_at: '2024-03-02T10:00:00.000Z',
    duration_ms: 90_500,
    findings: ['cut-frame', 'duration-differs'],
    channel_id: idOf('other channel'),
  }),
  conference: rowOf('conference', {
    created_at: '2024-03-03T23:59:59.999Z',
    conference_id: idOf('conference id'),
    findings: ['junk-after-audio'],
    channels: null,
  }),
  quoted: rowOf('quoted', {
    created_at: '2024-03-04T01:00:00.000Z',
    source_id: QUOTES,
    channel_id: QUOTES,
    direction: QUOTES,
    from_number: QUOTES,
    findings: [QUOTES],
  }),
}

const NAMES = Object.fromEntries(Object.entries(CONTRACT_ROWS).map(([name, row]) => [row.recording_id, name]))
const NEVER = new AbortController().signal

/** What every engine has to answer alike. `open` is called once for each test. */
export function describeCatalog(engine: string, open: () => Promise<CatalogUnderTest>): void {
  const openFilled = async (): Promise<Catalog> => {
    const { catalog, put } = await open()
    const { plain, german, toGerman, longer, conference, quoted } = CONTRACT_ROWS as Record<
      string,
      CatalogEntry
    >
    await put('2024-03-01', 'batch-1', [plain!, german!])
    await put('2024-03-02', 'batch-2', [toGerman!])
    await put('2024-03-02', 'batch-3', [longer!])
    await put('2024-03-03', 'batch-4', [conference!])
    await put('2024-03-04', 'batch-5', [quoted!])
    // A batch that was delivered twice, and a workspace of somebody else's.
    await put('2024-03-01', 'batch-1-again', [german!, plain!])
    await put('2024-03-01', 'batch-6', [rowOf('foreign', { workspace_id: 'other' })], 'other')
    return catalog
  }
  const search = (catalog: Catalog, criteria: Partial<Criteria>, limit = 100): Promise<SearchResult> =>
    catalog.search({ workspaceId: WORKSPACE, ...criteria }, { limit }, NEVER)
  const namesOf = ({ rows }: Pick<SearchResult, 'rows'>): (string | undefined)[] =>
    rows.map(({ recording_id }) => NAMES[recording_id])
  const everything = ['quoted', 'conference', 'longer', 'toGerman', 'german', 'plain']

  describe(`a catalog read by ${engine}`, () => {
    it('gives every row of the workspace once, newest first, with all of its columns as they were written', async () => {
      const result = await search(await openFilled(), {})
      expect(namesOf(result)).toEqual(everything)
      expect(result.rows).toEqual(everything.map((name) => CONTRACT_ROWS[name]))
      expect(result).toMatchObject({ next: undefined, complete: true, reasons: [] })
    })

    it('is empty where nothing has been archived yet, and complete', async () => {
      const { catalog } = await open()
      expect(await search(catalog, {})).toEqual({ rows: [], next: undefined, complete: true, reasons: [] })
    })

    it('is empty on days without a call, and complete', async () => {
      const range = { from: new Date('2024-02-01T00:00:00Z'), to: new Date('2024-02-02T00:00:00Z') }
      expect(await search(await openFilled(), { range })).toMatchObject({
        rows: [],
        complete: true,
        reasons: [],
      })
    })

    it.each(['nobodys', '../ours', ''])(
      'says of a workspace that is unknown here that its id may be another: %j',
      async (workspaceId) => {
        const reasons = [
          `nothing of workspace ${workspaceId} is archived here, and it is none of this archive's: is the id right?`,
        ]
        expect(await search(await openFilled(), { workspaceId })).toMatchObject({
          rows: [],
          complete: false,
          reasons,
        })
      },
    )

    it('finds what is archived of a workspace that is not configured any more, completely', async () => {
      const { rows, complete } = await search(await openFilled(), { workspaceId: 'other' })
      expect([rows.length, complete]).toEqual([1, true])
    })

    it.each([
      ['a recording', { id: [idOf('longer'), idOf('nobody').toUpperCase()] }, ['longer']],
      ['a call', { sourceId: idOf('call of german').toUpperCase() }, ['german']],
      ['a conference', { sourceId: idOf('conference id') }, ['conference']],
      ['a channel', { channel: idOf('other channel') }, ['longer']],
      ['a direction', { direction: 'outgoing' }, ['toGerman']],
      ['any finding', { findings: 'any' }, ['quoted', 'conference', 'longer']],
      ['no finding', { findings: 'none' }, ['toGerman', 'german', 'plain']],
      ['one finding', { findings: 'duration-differs' }, ['longer']],
      ['the least duration', { minDuration: '90.5' }, ['longer']],
      ['the longest duration', { maxDuration: '1m' }, everything.filter((name) => name !== 'longer')],
      ['a day', { from: '2024-03-02', to: '2024-03-03' }, ['longer', 'toGerman']],
      ['the first moment', { from: '2024-03-02T00:00:00Z', to: '2024-03-02T00:00:00.001Z' }, ['toGerman']],
      ['all before a moment', { to: '2024-03-01T10:30:00+01:00' }, ['plain']],
      [
        'all days, as far as they have four digits',
        { from: '0000-01-01T00:00:00+14:00', to: '9999-12-31T23:59:59-05:00' },
        everything,
      ],
      ['all from a moment on', { from: '2024-03-03T23:59:59.999Z' }, ['quoted', 'conference']],
      ['several at once', { number: ['+4930123456'], to: '2024-03-02' }, ['german']],
      ['what does not go together', { number: ['+4930123456'], findings: 'any' }, []],
    ] satisfies [string, Omit<WrittenCriteria, 'workspace'>, string[]][])(
      'finds by %s',
      async (_, written, found) => {
        const read = readCriteria({ workspace: WORKSPACE, ...written })
        if (!read.ok) throw new Error(read.faults.join())
        const result = await search(await openFilled(), read.criteria)
        expect(namesOf(result)).toEqual(found)
        expect(result.complete).toBe(true)
      },
    )

    it('finds a number in whatever notation, with either party', async () => {
      const catalog = await openFilled()
      for (const number of [
        '+49 30 123456',
        '0049 30 123456',
        '(030) 123 456',
        '030/123456',
        '4930123456',
        '+49 (0)30 123456',
      ]) {
        const read = readCriteria({ workspace: WORKSPACE, number: [number], country: 'DE' })
        if (!read.ok) throw new Error(read.faults.join())
        expect(namesOf(await search(catalog, read.criteria)), number).toEqual(['toGerman', 'german'])
      }
    })

    it('finds nothing where one of no ids or of no numbers is asked for', async () => {
      const catalog = await openFilled()
      expect(namesOf(await search(catalog, { recordingIds: [] }))).toEqual([])
      expect(namesOf(await search(catalog, { numbers: [] }))).toEqual([])
    })

    it.each([
      ['sourceId', { sourceId: QUOTES }],
      ['channelId', { channelId: QUOTES }],
      ['direction', { direction: QUOTES }],
      ['numbers', { numbers: [QUOTES] }],
      ['findings', { findings: QUOTES }],
    ] satisfies [string, Partial<Criteria>][])(
      'takes quotes, wildcards and SQL in %s for what they are',
      async (_, criteria) => {
        const catalog = await openFilled()
        expect(namesOf(await search(catalog, criteria))).toEqual(['quoted'])
        expect(namesOf(await search(catalog, {}))).toEqual(everything)
      },
    )

    it.each([
      ['workspaceId', (text: string) => ({ workspaceId: text })],
      ['recordingIds', (text: string) => ({ recordingIds: [text] })],
      ['sourceId', (text: string) => ({ sourceId: text })],
      ['numbers', (text: string) => ({ numbers: [text] })],
      ['findings', (text: string) => ({ findings: text })],
    ] satisfies [string, (text: string) => Partial<Criteria>][])(
      'finds nothing by what would be true if it were SQL, in %s',
      async (_, criteriaOf) => {
        const catalog = await openFilled()
        for (const text of ["' or 1=1 --", "x' or 'a'='a", '%', "'); drop table catalog; --", '" or ""="'])
          expect((await search(catalog, criteriaOf(text))).rows).toEqual([])
        expect(namesOf(await search(catalog, {}))).toEqual(everything)
      },
    )

    it('is paged to its end: each row once, in one order, also where rows have one moment', async () => {
      const { catalog, put } = await open()
      const rows = Array.from({ length: 23 }, (_, index) =>
        rowOf(`row ${index}`, { created_at: `2024-03-0${1 + (index % 3)}T09:00:00.000Z` }),
      )
      for (const day of [1, 2, 3]) {
        const ofDay = rows.filter(({ created_at }) => created_at.startsWith(`2024-03-0${day}`))
        await put(`2024-03-0${day}`, 'batch-1', ofDay)
        await put(`2024-03-0${day}`, 'batch-2', ofDay.slice(2))
      }
      for (const limit of [5, 22, 23]) {
        const pages = await readPages(catalog, { workspaceId: WORKSPACE }, limit)
        expect(pages.map((page) => page.rows.length)).toEqual(
          Array.from({ length: Math.ceil(23 / limit) }, (_, index) => Math.min(limit, 23 - index * limit)),
        )
        const found = pages.flatMap((page) => page.rows)
        expect(found).toEqual(
          rows.toSorted(
            (one, other) =>
              -one.created_at.localeCompare(other.created_at) ||
              (one.recording_id < other.recording_id ? -1 : 1),
          ),
        )
      }
    })
  })
  describeCopies(engine, open)
}
