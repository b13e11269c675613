import type { Context } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../lib/catalog/catalog.ts'
import type { Criteria } from '../../lib/catalog/criteria.ts'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'
import type { Cursor } from '../../lib/catalog/search.ts'
import { COLUMNS } from '../../lib/catalog/sql.ts'
import { composeCompactFunction } from '../../lib/compose-compact.ts'
import { createJsonLog } from '../../lib/log.ts'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { idOf, rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'

/** Each with a bucket of its own. */
const RUNS = Number(process.env['SAME_ANSWERS_RUNS'] ?? 6)
const NEVER = new AbortController().signal
const DAYS = ['2024-02-28', '2024-02-29', '2024-03-01'] as const
/** Few values, so that criteria meet rows, and such as a text could be mistaken for something else in. */
const TEXTS = ["o'brien", 'ünïcode ☎', '%', '_', 'a, b', '[]', 'null', ' x', 'X', ''] as const
const NUMBERS = ['4930123456', '493012345', '12025550121', '110'] as const
const FINDINGS = ['cut-frame', 'duration-differs', 'junk-after-audio'] as const
const DURATIONS = [0, 999, 1_000, 59_999, 60_000, 12_345_678] as const
const TIMES = ['00:00:00.000', '00:00:00.001', '11:59:59.999', '12:00:00.000', '23:59:59.999'] as const

const text = fc.option(fc.constantFrom(...TEXTS), { nil: null })
const number = fc.option(fc.constantFrom(...NUMBERS), { nil: null })
const row = fc
  .record({
    // Some recordings have several rows, which may differ, also in their days.
    name: fc.integer({ min: 0, max: 7 }),
    day: fc.constantFrom(...DAYS),
    time: fc.constantFrom(...TIMES),
    archivedAt: fc.integer({ min: 0, max: 3 }),
    more: fc.record({
      source_id: text,
      conference_id: text,
      channel_id: text,
      direction: fc.constantFrom('incoming', 'outgoing', null),
      from_number: number,
      to_number: number,
      duration_ms: fc.constantFrom(...DURATIONS),
      channels: fc.constantFrom(1, 2, null),
      findings: fc.subarray([...FINDINGS]),
      audio_version_id: text,
    }),
  })
  .map(({ name, day, time, archivedAt, more }): CatalogEntry =>
    rowOf(`recording ${name}`, {
      ...more,
      created_at: `${day}T${time}Z`,
      archived_at: `2024-03-0${2 + archivedAt}T00:00:00.000Z`,
    }),
  )
const rows = fc.array(row, { minLength: 4, maxLength: 24, size: 'max' })
const moment = fc
  .tuple(fc.constantFrom(...DAYS), fc.constantFrom(...TIMES))
  .map(([day, time]) => new Date(`${day}T${time}Z`))
const FIELDS = {
  range: fc
    .tuple(moment, moment)
    .filter(([one, other]) => one.getTime() !== other.getTime())
    .map(([one, other]) => (one < other ? { from: one, to: other } : { from: other, to: one })),
  recordingIds: fc.uniqueArray(
    fc.integer({ min: 0, max: 9 }).map((name) => idOf(`recording ${name}`)),
    { maxLength: 4 },
  ),
  sourceId: fc.constantFrom(...TEXTS),
  numbers: fc.uniqueArray(fc.constantFrom(...NUMBERS), { maxLength: 3 }),
  channelId: fc.constantFrom(...TEXTS),
  direction: fc.constantFrom('incoming', 'outgoing'),
  minDurationMs: fc.constantFrom(...DURATIONS),
  maxDurationMs: fc.constantFrom(...DURATIONS),
  findings: fc.constantFrom('any', 'none', ...FINDINGS),
}
type Field = keyof typeof FIELDS
/** One or two things are asked for: all at once would hardly ever be found. */
const criteria = fc
  .tuple(fc.record(FIELDS), fc.subarray(Object.keys(FIELDS) as Field[], { maxLength: 2 }))
  .map(([all, asked]): Criteria => ({
    workspaceId: WORKSPACE,
    ...Object.fromEntries(asked.map((field) => [field, all[field]])),
  }))

/** What docs/catalog.md says that a search finds, of rows in the memory. */
function findIn(all: readonly CatalogEntry[], wanted: Criteria): CatalogEntry[] {
  const { range, recordingIds, sourceId, numbers, channelId, direction, findings } = wanted
  const { minDurationMs = 0, maxDurationMs = Number.MAX_SAFE_INTEGER } = wanted
  const matches = (each: CatalogEntry): boolean => {
    const createdAt = new Date(each.created_at)
    const parties = [each.from_number, each.to_number]
    return (
      (range === undefined || (createdAt >= range.from && createdAt < range.to)) &&
      (recordingIds === undefined || recordingIds.includes(each.recording_id)) &&
      (sourceId === undefined || each.source_id === sourceId || each.conference_id === sourceId) &&
      (numbers === undefined || parties.some((party) => party !== null && numbers.includes(party))) &&
      (channelId === undefined || each.channel_id === channelId) &&
      (direction === undefined || each.direction === direction) &&
      each.duration_ms >= minDurationMs &&
      each.duration_ms <= maxDurationMs &&
      (findings === undefined ||
        (findings === 'any'
          ? each.findings.length > 0
          : findings === 'none'
            ? each.findings.length === 0
            : each.findings.includes(findings)))
    )
  }
  const first = Map.groupBy(all.filter(matches), (each) => each.recording_id)
  return [...first.values()]
    .map((copies) => copies.toSorted(compareCopies)[0]!)
    .toSorted((one, other) =>
      one.created_at === other.created_at
        ? one.recording_id < other.recording_id
          ? -1
          : 1
        : one.created_at > other.created_at
          ? -1
          : 1,
    )
}

/** The earliest counts; what is after `archived_at` only makes it one and the same row everywhere. */
function compareCopies(one: CatalogEntry, other: CatalogEntry): number {
  for (const column of ['created_at', 'archived_at', ...COLUMNS] as const) {
    const order = compareValues(one[column], other[column])
    if (order !== 0) return order
  }
  return 0
}

function compareValues(one: Value, other: Value): number {
  if (typeof one === 'object' && one !== null && typeof other === 'object' && other !== null) {
    const at = one.findIndex((each, index) => each !== other[index])
    return at === -1 ? one.length - other.length : compareValues(one[at] ?? '', other[at] ?? '')
  }
  if (one === other) return 0
  // What is not there comes last.
  if (one === null || other === null) return one === null ? 1 : -1
  return one < other ? -1 : 1
}

type Value = CatalogEntry[keyof CatalogEntry]

async function readAll(catalog: Catalog, wanted: Criteria, limit: number): Promise<CatalogEntry[]> {
  const found: CatalogEntry[] = []
  let after: Cursor | undefined
  do {
    const page = await catalog.search(wanted, { limit, after }, NEVER)
    expect([page.complete, page.reasons]).toEqual([true, []])
    found.push(...page.rows)
    after = page.next
  } while (after !== undefined)
  return found
}

/** Each way in which the days may have been put together before a search; resolves to whether all were. */
const COMPACTIONS = {
  none: () => Promise.resolve(true),
  async command({ local }: AthenaWorld) {
    const ends: string[] = []
    const days = { first: DAYS[0], last: DAYS[2] }
    for await (const { kind } of local.compactor.compact(WORKSPACE, days, NEVER)) ends.push(kind)
    return !ends.includes('failed')
  },
  async function({ env }: AthenaWorld) {
    const log = createJsonLog(
      () => undefined,
      'error',
      () => new Date(),
    )
    const handler = composeCompactFunction(env, { log, writeMetrics: () => undefined })
    const context = { functionName: 'compact', getRemainingTimeInMillis: () => 60_000 } as Context
    const answer = await handler({ compact: 'all', from: DAYS[0], to: '2024-03-02' }, context)
    return answer.finished && answer.workspaces.every(({ failed }) => failed === 0)
  },
} as const

describe('both engines', () => {
  it('find what a search of the rows one by one finds, whatever the rows and the criteria, page by page, compact or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.array(criteria, { minLength: 4, maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('none', 'command', 'function'),
        fc.boolean(),
        async (all, searches, limit, compaction, isTwice) => {
          const world = await startAthenaWorld({ filesOfInsert: 2 })
          const [some, others] = [all.filter((_, at) => at % 2 === 0), all.filter((_, at) => at % 2 === 1)]
          for (const day of DAYS)
            for (const [name, part] of Object.entries({ some, others, again: some })) {
              const ofDay = part.filter((each) => each.created_at.startsWith(day))
              if (ofDay.length > 0) await world.put(day, name, ofDay)
              const isBetween = isTwice && name === 'some'
              expect(!isBetween || (await COMPACTIONS[compaction](world))).toBe(true)
            }
          expect(await COMPACTIONS[compaction](world)).toBe(true)
          for (const wanted of searches) {
            const expected = findIn(all, wanted)
            expect(await readAll(world.local.catalog, wanted, limit)).toEqual(expected)
            expect(await readAll(world.catalog, wanted, limit)).toEqual(expected)
          }
        },
      ),
      // What it fails with is small already; looking for something smaller takes longer than a suite waits.
      { numRuns: RUNS, endOnFailure: true },
    )
  }, 300_000)
})
