import { describe, expect, it } from 'vitest'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { WORKSPACE } from '../helpers/catalog-rows.ts'

const NEVER = new AbortController().signal
const ALL = { first: '0001-01-01', last: '9999-12-31' }
const FIRST = Date.parse('2024-01-01')

function dayAt(index: number): string {
  return new Date(FIRST + index * 86_400_000).toISOString().slice(0, 10)
}

/** Segments of two hundred days: more than S3 lists at once, of some days many and of others none. */
async function startMany(): Promise<{ world: AthenaWorld; keys: string[] }> {
  const world = await startAthenaWorld()
  const keys: string[] = []
  for (let index = 0; index < 200; index += 1)
    for (let batch = 0; batch < (index % 7 === 0 ? 90 : index % 3); batch += 1)
      keys.push(`catalog/workspace=${WORKSPACE}/day=${dayAt(index)}/batch-${batch}.ndjson`)
  for (const key of keys) await world.putText(key, '')
  return { world, keys: keys.toSorted() }
}

describe('the listing of a catalog', () => {
  it('has every object once where it is longer than S3 lists at once, in the order of the days', async () => {
    const { world, keys } = await startMany()
    const strange = `catalog/workspace=${WORKSPACE}/day=${dayAt(150)}/notes.txt`
    await world.putText(strange, 'mine')
    world.requests.length = 0
    const { days, reasons } = await world.search.listing.list(WORKSPACE, ALL, NEVER)
    expect(days.flatMap(({ files }) => files.map(({ key }) => key)).toSorted()).toEqual(keys)
    expect(days.map(({ day }) => day)).toEqual(days.map(({ day }) => day).toSorted())
    expect(reasons).toEqual([expect.stringContaining(strange)])
    const lists = world.requests.filter(({ operation }) => operation === 'ListObjectsV2')
    // One page of each kind, and of the segments the rest in sixteen places at once.
    expect(lists.length).toBeLessThanOrEqual(2 + 16 + Math.ceil(keys.length / 1000))
  })

  it.each([
    [dayAt(3), dayAt(190)],
    [dayAt(100), dayAt(100)],
    [dayAt(0), dayAt(13)],
  ])('from %s to %s has the objects of these days alone', async (first, last) => {
    const { world, keys } = await startMany()
    const { days } = await world.search.listing.list(WORKSPACE, { first, last }, NEVER)
    const wanted = keys.filter((key) => {
      const day = /day=([^/]+)/.exec(key)?.[1] ?? ''
      return day >= first && day <= last
    })
    expect(days.flatMap(({ files }) => files.map(({ key }) => key)).toSorted()).toEqual(wanted)
  })

  it('is none where one of its parts fails', async () => {
    const { world } = await startMany()
    let lists = 0
    world.faults = ({ operation }) => {
      if (operation !== 'ListObjectsV2') return undefined
      lists += 1
      return lists === 9 ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined
    }
    await expect(world.search.listing.list(WORKSPACE, ALL, NEVER)).rejects.toThrow(
      'S3 refuses to list catalog',
    )
  })
})
