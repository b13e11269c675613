import { describe, expect, it } from 'vitest'
import type { SearchEnd } from '../../lib/catalog/catalog.ts'
import type { Criteria } from '../../lib/catalog/criteria.ts'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'

const NEVER = new AbortController().signal
const ALL: Criteria = { workspaceId: WORKSPACE }
const PAGE = { limit: 5_000 }

async function startFilled(rows = 3): Promise<AthenaWorld> {
  const world = await startAthenaWorld()
  await world.put(
    '2024-03-01',
    'batch',
    Array.from({ length: rows }, (_, index) => rowOf(`row ${index}`)),
  )
  return world
}

function ask({ catalog }: AthenaWorld): Promise<SearchEnd> {
  return catalog.searchFor(ALL, PAGE, { caller: 'officer', until: NEVER }, NEVER)
}

describe('a search that fails', () => {
  const end = (state: 'FAILED' | 'CANCELLED', reason: string): ((world: AthenaWorld) => void) => {
    return (world) => {
      world.athena.conduct.end = () => ({ state, reason })
    }
  }
  const refuse = (status: number, type: string, message: string): ((world: AthenaWorld) => void) => {
    return (world) => {
      world.athena.conduct.refuse = () => ({ status, type, message })
    }
  }

  it.each([
    [
      'a file that cannot be read',
      end('FAILED', 'HIVE_BAD_DATA: Not valid Parquet file'),
      'StoreError',
      'HIVE_BAD_DATA',
    ],
    [
      'no right to read',
      end('FAILED', 'Access Denied (Service: Amazon S3; Status Code: 403)'),
      'ConfigurationError',
      'Access Denied',
    ],
    [
      'a file that went meanwhile',
      end(
        'FAILED',
        'HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://b/permission: The specified key does not exist.',
      ),
      'StoreError',
      'does not exist',
    ],
    [
      'no such table',
      end('FAILED', "TABLE_NOT_FOUND: Table 'catalog_segment' does not exist"),
      'ConfigurationError',
      'does not exist',
    ],
    ['a person who stopped it', end('CANCELLED', 'Query cancelled by user'), 'StoreError', 'cancelled'],
    [
      'no right to search',
      refuse(400, 'AccessDeniedException', 'User is not authorized to perform: athena:StartQueryExecution'),
      'ConfigurationError',
      'not authorized',
    ],
    [
      'no such work group',
      refuse(400, 'InvalidRequestException', 'WorkGroup recordings-search is not found.'),
      'ConfigurationError',
      'is not found',
    ],
    ['a fault of Athena', refuse(500, 'InternalServerException', 'try later'), 'StoreError', 'try later'],
  ] as const)('for %s says so', async (_, arrange, name, text) => {
    const world = await startFilled()
    arrange(world)
    const error = await world.catalog.search(ALL, PAGE, NEVER).catch((thrown: unknown) => thrown as Error)
    expect(error).toMatchObject({ name, message: expect.stringContaining(text) as unknown })
  })

  it('names no number that was looked for', async () => {
    const world = await startFilled()
    end('FAILED', "SYNTAX_ERROR at '4930123456': mismatched input")(world)
    const search = world.catalog.search({ ...ALL, numbers: ['4930123456'] }, PAGE, NEVER)
    const error = await search.catch((thrown: unknown) => thrown as Error)
    expect((error as Error).message).toContain('mismatched input')
    expect((error as Error).message).not.toContain('4930123456')
  })

  it('for the limit of a search says what to do', async () => {
    const world = await startFilled()
    end('CANCELLED', 'Query cancelled! : Bytes scanned limit was exceeded')(world)
    expect(await ask(world)).toEqual({
      kind: 'too-wide',
      detail: expect.stringContaining('fewer days') as unknown,
    })
    await expect(world.catalog.search(ALL, PAGE, NEVER)).rejects.toThrow('raise searchScanGb')
  })

  it('once for too many requests is done again', async () => {
    const world = await startFilled()
    let asked = 0
    world.athena.conduct.refuse = () =>
      ++asked === 1 ? { status: 400, type: 'TooManyRequestsException', message: 'Rate exceeded' } : undefined
    expect(await world.catalog.search(ALL, PAGE, NEVER)).toMatchObject({ complete: true })
  })

  it('in the bucket is not searched at all', async () => {
    const world = await startFilled()
    world.faults = ({ operation }) =>
      operation === 'ListObjectsV2' ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined
    await expect(world.catalog.search(ALL, PAGE, NEVER)).rejects.toThrow('S3 refuses to list catalog')
    expect(world.athena.asked).toEqual({})
  })
})
