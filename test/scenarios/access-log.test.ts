import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DeleteObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ArchiveConnection, connectArchive } from '../../lib/compose-retrieve.ts'
import type { AccessRecord } from '../../lib/retrieve/access.ts'
import { createRetrieveKeys } from '../../lib/retrieve/keys.ts'
import type { AccessCriteria } from '../../lib/s3/access-log.ts'
import { impatientClock, NEVER } from '../helpers/retrieve-run.ts'
import { refusal } from '../helpers/s3-sandbox.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'

const IDS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const
const keys = createRetrieveKeys('')

let world: VaultWorld
let archive: ArchiveConnection
beforeAll(async () => {
  world = await startVaultWorld()
  archive = connectArchive(world.config, impatientClock)
})
afterAll(async () => {
  await archive.close()
  await world[Symbol.asyncDispose]()
})
beforeEach(() => {
  world.faults = () => undefined
})

const lineOf = (at: string, more: Partial<AccessRecord> = {}): AccessRecord => ({
  id: archive.newId(),
  at: new Date(at),
  action: 'show',
  actor: 'anna',
  reason: undefined,
  via: 'terminal',
  workspaceId: 'ours',
  recordingIds: [IDS[0]],
  ...more,
})
async function read(criteria: AccessCriteria) {
  const found = []
  for await (const each of archive.accessLog.read(criteria, NEVER)) found.push(each)
  return found
}
const momentsOf = async (criteria: AccessCriteria) =>
  (await read(criteria)).map((found) => (found.kind === 'read' ? found.record.at.toISOString() : found.key))

describe('a line', () => {
  it('is locked like a recording of its moment, and cannot be deleted', async () => {
    const record = lineOf(new Date().toISOString())
    await archive.accessLog.write(record, NEVER)
    const at = { Bucket: 'archive', Key: keys.access(record.at, record.id) }
    const head = await world.client.send(new HeadObjectCommand(at))
    expect(head).toMatchObject({ ObjectLockMode: 'GOVERNANCE', ContentType: 'application/x-ndjson' })
    const days = ((head.ObjectLockRetainUntilDate?.getTime() ?? 0) - record.at.getTime()) / 86_400_000
    expect(days).toBeCloseTo(365, 4)
    const { VersionId } = head
    expect(await refusal(world.client.send(new DeleteObjectCommand({ ...at, VersionId })))).toBe(
      '403 AccessDenied',
    )
  })

  it('does not count as written where the lock is not kept', async () => {
    world.faults = ({ operation }) => (operation.startsWith('Put') ? { kind: 'ignore-lock' } : undefined)
    await expect(archive.accessLog.write(lineOf(new Date().toISOString()), NEVER)).rejects.toThrow(
      'does not show it',
    )
  })

  it('does not take the place of another one', async () => {
    const record = lineOf('2025-01-01T00:00:00.000Z')
    await archive.accessLog.write(record, NEVER)
    await archive.accessLog.write(record, NEVER)
    await expect(archive.accessLog.write({ ...record, actor: 'bert' }, NEVER)).rejects.toThrow('another line')
    const key = keys.access(record.at, record.id)
    expect(await world.keys(key)).toEqual([key])
    expect(await world.text(key)).toContain('"anna"')
  })
})

describe('reading the log', () => {
  const moments = [
    '2026-02-28T23:59:59.999Z',
    '2026-03-01T00:00:00.000Z',
    '2026-03-01T12:00:00.000Z',
    '2026-03-02T00:00:00.000Z',
    '2026-03-10T00:00:00.000Z',
  ]
  beforeAll(async () => {
    for (const at of moments.toReversed())
      await archive.accessLog.write(lineOf(at, { actor: 'carla' }), NEVER)
    await archive.accessLog.write(
      lineOf('2026-03-01T13:00:00.000Z', { actor: 'dora', recordingIds: [...IDS] }),
      NEVER,
    )
  })

  it('gives lines in order of time, whatever the order of writing', async () => {
    expect(await momentsOf({ actor: 'carla' })).toEqual(moments)
  })

  it.each<[string, AccessCriteria, readonly string[]]>([
    ['from a moment on', { from: new Date('2026-03-01T12:00:00.000Z') }, moments.slice(2)],
    ['up to, not including, a moment', { to: new Date('2026-03-01T12:00:00.000Z') }, moments.slice(0, 2)],
    [
      'a day',
      { from: new Date('2026-03-01T00:00:00.000Z'), to: new Date('2026-03-02T00:00:00.000Z') },
      moments.slice(1, 3),
    ],
    ['nothing of a day without lines', { from: new Date('2026-03-05'), to: new Date('2026-03-06') }, []],
  ])('gives %s', async (_, criteria, expected) => {
    expect(await momentsOf({ ...criteria, actor: 'carla' })).toEqual(expected)
  })

  it('reads no object that is not asked for', async () => {
    world.requests.length = 0
    await momentsOf({ from: new Date('2026-03-01T12:00:00Z'), to: new Date('2026-03-02T00:00:00Z') })
    const gets = world.requests.filter((request) => request.startsWith('GetObject '))
    expect(gets).toHaveLength(2)
    expect(gets.every((request) => request.startsWith('GetObject access/day=2026-03-01/1'))).toBe(true)
  })

  it('gives the lines that name a recording, among others too', async () => {
    expect(await momentsOf({ recordingId: IDS[1] })).toEqual(['2026-03-01T13:00:00.000Z'])
    expect(await momentsOf({ recordingId: IDS[0], actor: 'dora' })).toEqual(['2026-03-01T13:00:00.000Z'])
  })

  it('tells of a line that cannot be read, whatever is asked for', async () => {
    const key = 'access/day=2026-04-01/000000.000Z-x.ndjson'
    await world.put(key, 'not a line')
    const day = { from: new Date('2026-04-01'), to: new Date('2026-04-02') }
    expect(await read({ ...day, actor: 'nobody' })).toEqual([
      { kind: 'unreadable', key, reason: expect.stringContaining('not JSON') },
    ])
  })

  it('rejects where the bucket fails half-way: what came before is not all', async () => {
    let reads = 0
    world.faults = ({ operation, key }) =>
      operation === 'GetObject' && key.startsWith('access/') && reads++ >= 2
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    await expect(read({ actor: 'carla' })).rejects.toThrow('S3 refuses to read access/day=')
  })

  it('keeps the order while it reads many at once', async () => {
    const day = '2024-05-05'
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        archive.accessLog.write(lineOf(new Date(Date.parse(day) + index * 1000).toISOString()), NEVER),
      ),
    )
    const found = await momentsOf({ from: new Date(day), to: new Date('2024-05-06') })
    expect(found).toHaveLength(40)
    expect(found.toSorted()).toEqual(found)
  })
})

it('where S3 cannot be reached at all, it is said what to look at', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const { AWS_ENDPOINT_URL_S3: before = '' } = process.env
  process.env['AWS_ENDPOINT_URL_S3'] = `http://127.0.0.1:${port}`
  const nowhere = connectArchive(world.config, impatientClock)
  try {
    await expect(nowhere.accessLog.write(lineOf('2026-03-01T09:00:00Z'), NEVER)).rejects.toThrow(
      'S3 cannot be reached (ECONNREFUSED): look at the network, AWS_REGION and AWS_ENDPOINT_URL_S3',
    )
  } finally {
    process.env['AWS_ENDPOINT_URL_S3'] = before
    await nowhere.close()
  }
})
