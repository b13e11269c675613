import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readArchiveConfig } from '../../lib/archive-config.ts'
import { composeVerifier, type Verifier } from '../../lib/compose-verify.ts'
import type { Listed } from '../../lib/verify/entry.ts'
import { BUCKET, startVerifyWorld, VERIFY_WORKSPACE, type VerifyWorld } from '../helpers/verify-world.ts'

const PREFIX = `recordings/${VERIFY_WORKSPACE}/`
const never = new AbortController().signal
const STRANGERS = ['', '0', 'a', 'f', 'a.txt', 'aa/nested.json', 'readme.txt', 'zzz', 'Ä.mp3', '~'].map(
  (name) => `${PREFIX}${name}`,
)

let world: VerifyWorld
let verifier: Verifier
/** What was put there: ids of versions and of delete markers, by key. */
const truth = new Map<string, Set<string>>()

beforeAll(async () => {
  world = await startVerifyWorld({ objectLock: false })
  verifier = composeVerifier(readArchiveConfig(world.env))
  // More than two pages of a thousand, most of them in one of the sixteen stretches; a page ends between versions of a key.
  const ids = Array.from({ length: 700 }, (_, index) =>
    index < 500 ? `a${randomUUID().slice(1)}` : randomUUID(),
  )
  const add = (key: string, versionId = ''): void => {
    truth.set(key, (truth.get(key) ?? new Set()).add(versionId))
  }
  const put = async (key: string): Promise<void> => add(key, await world.put(key, 'x'))
  for (const [index, id] of ids.entries()) {
    const [sidecar, audio] = [`${PREFIX}${id}.json`, `${PREFIX}${id}.mp3`]
    if (index % 7 !== 0) await put(sidecar)
    if (index % 11 !== 0) await put(audio)
    if (index % 5 === 0) for (const key of [sidecar, audio, audio]) await put(key)
    if (index % 13 !== 0) continue
    const marker = await world.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: audio }))
    add(audio, marker.VersionId)
  }
  for (const key of STRANGERS) await put(key)
  await world.put('recordings/another/x.json', 'not of this workspace')
  await world.put(`${PREFIX.slice(0, -1)}0/x.json`, 'nor this')
}, 120_000)
afterAll(async () => {
  await verifier.close()
  await world[Symbol.asyncDispose]()
})

/** What was listed, by key. Asserts that each recording came once, and its newest version first. */
function byKey(listed: readonly Listed[]): Map<string, Set<string>> {
  const objects = listed.flatMap((each) =>
    each.kind === 'unknown'
      ? [{ key: each.version.key, versions: [each.version] }]
      : [each.entry.sidecar, each.entry.audio].filter(({ versions }) => versions.length > 0),
  )
  expect(new Set(objects.map(({ key }) => key)).size).toBe(objects.length)
  for (const { versions } of objects)
    expect(versions.map(({ isLatest }) => isLatest)).toEqual(versions.map((_, index) => index === 0))
  return new Map(
    objects.map(({ key, versions }) => [key, new Set(versions.map(({ versionId = '' }) => versionId))]),
  )
}

async function walk(after?: string): Promise<Listed[]> {
  const listed: Listed[] = []
  for await (const each of verifier.systems.inventory.walk(VERIFY_WORKSPACE, after, never)) listed.push(each)
  return listed
}

describe('the inventory', () => {
  it('of a walk has every version of every key, in the order of the ids', async () => {
    const listed = await walk()
    expect(byKey(listed)).toEqual(truth)
    expect(truth.size).toBeGreaterThan(1200)
    const ids = listed.flatMap((each) => (each.kind === 'recording' ? each.entry.recordingId : []))
    expect(ids).toEqual(ids.toSorted())
  })

  it('of sixteen stretches at the same time is that of the walk', async () => {
    const listed: Listed[] = []
    await verifier.systems.inventory.scan(VERIFY_WORKSPACE, (each) => void listed.push(each), never)
    expect(byKey(listed)).toEqual(truth)
  })

  it('goes on behind any recording, with all that lies there and nothing else', async () => {
    const all = await walk()
    for (const at of [0, 1, 250, 499, 500, all.length - 12]) {
      const id = all.flatMap((each) => (each.kind === 'recording' ? each.entry.recordingId : []))[at] ?? ''
      const rest = byKey(await walk(id))
      const expected = new Map([...truth].filter(([key]) => key > `${PREFIX}${id}.mp3`))
      expect(rest).toEqual(expected)
    }
  })

  it('of one recording is what the walk has of it; of none it is empty', async () => {
    const all = await walk()
    for (const each of [all[20], all[333]]) {
      if (each?.kind !== 'recording') throw new Error('not a recording')
      const { entry } = each
      expect(await verifier.systems.inventory.find(VERIFY_WORKSPACE, entry.recordingId, never)).toEqual(entry)
    }
    const nothing = await verifier.systems.inventory.find(VERIFY_WORKSPACE, randomUUID(), never)
    expect([nothing.sidecar.versions, nothing.audio.versions]).toEqual([[], []])
  })

  it('fails as a whole where one of the stretches fails', async () => {
    let asked = 0
    world.faults = ({ operation }) =>
      operation === 'ListObjectVersions' && (asked += 1) === 9
        ? { kind: 'error', status: 400, code: 'InvalidRequest' }
        : undefined
    await expect(
      verifier.systems.inventory.scan(VERIFY_WORKSPACE, () => undefined, never),
    ).rejects.toMatchObject({ name: 'StoreError' })
    world.faults = () => undefined
  })
})
