import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Retriever } from '../../lib/compose-retrieve.ts'
import { getRecording, linkRecording, showRecording } from '../../lib/retrieve/retrieve.ts'
import type { S3Fault } from '../../lib/sandbox/s3-server.ts'
import { memoryDestination, NEVER, orderOf, retrieverOf } from '../helpers/retrieve-run.ts'
import { type Kept, startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'

let world: VaultWorld
let retriever: Retriever
beforeAll(async () => {
  world = await startVaultWorld()
  retriever = retrieverOf(world)
})
afterAll(async () => {
  await retriever.close()
  await world[Symbol.asyncDispose]()
})
beforeEach(() => {
  world.faults = () => undefined
  world.requests.length = 0
})

async function get({ id }: Pick<Kept, 'id'>) {
  const destination = memoryDestination()
  const getting = getRecording(orderOf(id), async () => destination, retriever.systems, NEVER)
  const end = await getting.catch((error: unknown) => error)
  return { end, destination }
}

/** Strikes the GETs of a recording's audio, one after the other. */
function strikeGets({ audioKey }: Kept, ...faults: (S3Fault | undefined)[]): void {
  world.faults = ({ operation, key }) =>
    operation === 'GetObject' && key === audioKey ? faults.shift() : undefined
}
const getsOf = ({ audioKey }: Kept): number =>
  world.requests.filter((request) => request === `GetObject ${audioKey}`).length

describe('getting a recording', () => {
  it('hands out the archived bytes, after the line in the access log', async () => {
    const kept = await world.keep()
    const { end, destination } = await get(kept)
    expect(end).toEqual({ kind: 'got', bytes: kept.audio.length, sha256: kept.sha256 })
    expect(destination.bytes().equals(kept.audio)).toBe(true)
    expect(destination.end()).toBe('kept')
    const operations = world.requests.map((request) => request.replace(/(day=).*/, '$1…'))
    expect(operations.indexOf(`GetObject ${kept.audioKey}`)).toBeGreaterThan(
      operations.indexOf('PutObject access/day=…'),
    )
    expect(await world.accessLines()).toContainEqual(
      expect.objectContaining({
        action: 'get',
        actor: 'anna',
        reason: 'complaint 4711',
        recordingIds: [kept.id],
      }),
    )
  })

  it('goes on where a broken transfer stopped, as often as it breaks', async () => {
    const kept = await world.keep()
    strikeGets(
      kept,
      { kind: 'body', cutAfterBytes: 100_000 },
      { kind: 'body', cutAfterBytes: 50_000 },
      { kind: 'error', status: 503, code: 'SlowDown' },
      { kind: 'cut' },
    )
    const { end, destination } = await get(kept)
    expect(end).toMatchObject({ kind: 'got' })
    expect(destination.bytes().equals(kept.audio)).toBe(true)
    expect(getsOf(kept)).toBe(5)
  })

  it('gives up where no byte comes any more, and keeps nothing', async () => {
    const kept = await world.keep()
    world.faults = ({ operation, key, headers }) => {
      if (operation !== 'GetObject' || key !== kept.audioKey) return undefined
      return { kind: 'body', cutAfterBytes: headers.range === undefined ? 1_000 : 0 }
    }
    const { end, destination } = await get(kept)
    expect(end).toMatchObject({ name: 'StoreError' })
    expect(destination.end()).toBe('discarded')
  })

  it('takes no rest that is another one than was asked for', async () => {
    const kept = await world.keep()
    strikeGets(kept, { kind: 'body', cutAfterBytes: 1_000 }, { kind: 'body', ignoreRange: true })
    const { end, destination } = await get(kept)
    expect(end).toMatchObject({ name: 'StoreError', message: expect.stringContaining('another range') })
    expect(destination.end()).toBe('discarded')
  })

  it('finds a flipped byte, and says both digests', async () => {
    const kept = await world.keep()
    const flipped = Buffer.from(kept.audio)
    flipped[1234] = (flipped[1234] ?? 0) ^ 1
    strikeGets(kept, { kind: 'body', replace: flipped })
    const { end, destination } = await get(kept)
    expect(end).toMatchObject({
      kind: 'altered',
      archived: { sha256: kept.sha256 },
      found: { bytes: kept.audio.length, sha256: expect.not.stringMatching(kept.sha256) },
    })
    expect(destination.end()).toBe('discarded')
  })

  it('gets the version that was archived, whatever lies on top of it', async () => {
    const kept = await world.keep()
    await world.put(kept.audioKey, 'another recording')
    await world.client.send(new DeleteObjectCommand({ Bucket: 'archive', Key: kept.audioKey }))
    const { end, destination } = await get(kept)
    expect(end).toMatchObject({ kind: 'got' })
    expect(destination.bytes().equals(kept.audio)).toBe(true)
  })
})

describe('a recording of which nothing may be handed out', () => {
  const refusals = async ({ id }: Pick<Kept, 'id'>) => {
    const { end, destination } = await get({ id })
    const link = await linkRecording({ ...orderOf(id), seconds: 60 }, retriever.systems, NEVER)
    expect(link).toEqual(end)
    expect(destination.bytes()).toHaveLength(0)
    expect(world.requests.filter((request) => request.includes('access/'))).toEqual([])
    return end
  }

  it('is not archived', async () => {
    expect(await refusals({ id: 'b3b1b7c4-9b8a-4d52-8f0e-000000000000' })).toEqual({ kind: 'not-archived' })
  })

  it('has lost its audio', async () => {
    const kept = await world.keep()
    const { versionId: VersionId } = kept
    await world.client.send(new DeleteObjectCommand({ Bucket: 'archive', Key: kept.audioKey, VersionId }))
    expect(await refusals(kept)).toEqual({ kind: 'no-audio', key: kept.audioKey, versionId: VersionId })
  })

  it('has a sidecar that cannot be read', async () => {
    const kept = await world.keep()
    await world.put(kept.sidecarKey, '{}')
    expect(await refusals(kept)).toMatchObject({ kind: 'unreadable-sidecar', key: kept.sidecarKey })
  })

  it('has the sidecar of another one', async () => {
    const other = await world.keep()
    const theirs = await world.text(other.sidecarKey)
    expect(await refusals(await world.keep({ falsify: () => theirs }))).toMatchObject({
      kind: 'unreadable-sidecar',
      fault: expect.stringContaining('another'),
    })
  })

  it('has a sidecar that names what is none of its business', async () => {
    const kept = await world.keep({
      falsify: (sidecar) => sidecar.replace(/"key": "[^"]+\.mp3"/, '"key": "salaries.csv"'),
    })
    expect(await refusals(kept)).toMatchObject({ fault: expect.stringContaining('salaries.csv') })
  })

  it('has another size or digest than its sidecar says', async () => {
    const shorter = await world.keep({ falsify: (sidecar) => sidecar.replace(/"bytes": \d+/, '"bytes": 7') })
    expect(await refusals(shorter)).toMatchObject({ kind: 'altered', archived: { bytes: 7 } })
    const none = '0'.repeat(64)
    const other = await world.keep({
      falsify: (sidecar) => sidecar.replace(/"sha256": "\w+"/, `"sha256": "${none}"`),
    })
    expect(await refusals(other)).toMatchObject({ kind: 'altered', found: { sha256: other.sha256 } })
    expect(getsOf(shorter) + getsOf(other)).toBe(0)
  })
})

describe('without a line in the access log nothing is handed out', () => {
  it.each<[string, S3Fault]>([
    ['refused', { kind: 'error', status: 403, code: 'AccessDenied' }],
    ['failing', { kind: 'error', status: 500, code: 'InternalError' }],
    ['never answering', { kind: 'cut' }],
  ])('the write is %s', async (_, fault) => {
    const kept = await world.keep()
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.startsWith('access/') ? fault : undefined
    const { end, destination } = await get(kept)
    expect(end).toBeInstanceOf(Error)
    expect(destination.end()).toBe('discarded')
    expect(getsOf(kept)).toBe(0)
    const link = linkRecording({ ...orderOf(kept.id), seconds: 60 }, retriever.systems, NEVER)
    await expect(link).rejects.toThrow(/write/)
    await expect(showRecording(orderOf(kept.id), retriever.systems, NEVER)).rejects.toThrow(/write/)
    const lines = await world.accessLines()
    expect(lines.filter((line) => String(line['recordingIds']) === kept.id)).toEqual([])
  })

  it('but a lost answer to the write is none: the line is there once', async () => {
    const kept = await world.keep()
    let strikes = 2
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.startsWith('access/') && strikes-- > 0
        ? { kind: 'cut', after: true }
        : undefined
    expect((await get(kept)).end).toMatchObject({ kind: 'got' })
    const lines = await world.accessLines()
    expect(lines.filter((line) => String(line['recordingIds']) === kept.id)).toHaveLength(1)
  })
})

describe('a link', () => {
  it('opens that version alone, for its time alone, as a file with a name', async () => {
    const kept = await world.keep({ metadata: { createdAt: '2026-03-01T23:30:00.000Z' } })
    const before = Date.now()
    const end = await linkRecording({ ...orderOf(kept.id), seconds: 120 }, retriever.systems, NEVER)
    if (end.kind !== 'linked') throw new Error(end.kind)
    await world.client.send(new PutObjectCommand({ Bucket: 'archive', Key: kept.audioKey, Body: 'on top' }))
    const answer = await fetch(end.url)
    expect(Buffer.from(await answer.arrayBuffer()).equals(kept.audio)).toBe(true)
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="2026-03-01-${kept.id}.mp3"`)
    expect(answer.headers.get('content-type')).toBe('audio/mpeg')
    expect(end.expiresAt.getTime() - before).toBeGreaterThanOrEqual(119_000)
    world.now = () => new Date(Date.now() + 121_000)
    try {
      expect((await fetch(end.url)).status).toBe(403)
    } finally {
      world.now = () => new Date()
    }
    const tampered = end.url.replace(kept.id, (await world.keep()).id)
    expect((await fetch(tampered)).status).toBe(403)
  })

  it.each([0, 59, 3601, Number.NaN])('is not signed for %d seconds', async (seconds) => {
    const kept = await world.keep()
    await expect(linkRecording({ ...orderOf(kept.id), seconds }, retriever.systems, NEVER)).rejects.toThrow(
      RangeError,
    )
  })
})
