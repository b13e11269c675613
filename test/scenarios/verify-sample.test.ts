import { createHash } from 'node:crypto'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flipByte, runScope } from '../helpers/verify-run.ts'
import {
  BUCKET,
  type Kept,
  startVerifyWorld,
  VERIFY_WORKSPACE,
  type VerifyWorld,
} from '../helpers/verify-world.ts'

const IN_ALL = 80
let world: VerifyWorld
let kept: Kept[]
beforeAll(async () => {
  world = await startVerifyWorld()
  kept = []
  for (let number = 0; number < IN_ALL; number++) kept.push(await world.keep())
})
afterAll(() => world[Symbol.asyncDispose]())

/** What the seed chooses, reckoned as docs/verify.md says that anybody can. */
function choose(seed: string, size: number): string[] {
  const rank = (id: string): string =>
    createHash('sha256').update(`${seed}\n${VERIFY_WORKSPACE}/${id}`).digest('hex')
  return kept
    .map(({ id }) => id)
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .slice(0, size)
    .toSorted()
}

/** The recordings whose audio was read. */
async function readBy(seed: string, size: number): Promise<string[]> {
  world.requests.length = 0
  const { end } = await runScope(world, { kind: 'sample', size, seed })
  expect(end).toMatchObject({ why: 'finished', account: { tally: { read: size, mismatches: 0 } } })
  const got = world.requests.flatMap((request) => /^GetObject .*\/(.+)\.mp3$/.exec(request)?.[1] ?? [])
  return got.toSorted()
}

describe('a sample', () => {
  it('is chosen by its seed: the same again, another with another, and each recording read once', async () => {
    const first = await readBy('audit-2024', 12)
    expect(first).toEqual(choose('audit-2024', 12))
    expect(await readBy('audit-2024', 12)).toEqual(first)
    expect(await readBy('audit-2025', 12)).toEqual(choose('audit-2025', 12))
    expect(choose('audit-2025', 12)).not.toEqual(first)
  })

  it('says how sure it is, and the report has that and the seed', async () => {
    const { end } = await runScope(world, { kind: 'sample', size: 20, seed: 'x' })
    expect(end.confidence).toMatchObject({ population: IN_ALL, read: 20, bad: 0, level: 0.95, atMost: 9 })
    const report = await world.json(end.reportKeys[0] ?? '')
    expect(report).toMatchObject({
      scope: { kind: 'sample', size: 20, seed: 'x' },
      confidence: { atMost: 9, sentence: '20 of 80 read, 0 bad: at 95 % at most 12 % are bad' },
    })
  })

  it('larger than the archive is all of it, and leaves nothing to chance', async () => {
    const { end } = await runScope(world, { kind: 'sample', size: 1000, seed: 'x' })
    expect(end.account.tally).toMatchObject({ read: IN_ALL, recordings: IN_ALL })
    expect(end.confidence).toMatchObject({ population: IN_ALL, read: IN_ALL, atMost: 0 })
  })

  it('counts what is bad in it; what the listing shows to be wrong elsewhere is read, too, but is no part of it', async () => {
    const [inside = '', outside = ''] = [
      choose('y', 10)[3],
      choose('y', IN_ALL).find((id) => !choose('y', 10).includes(id)),
    ]
    const [chosen, other] = [inside, outside].map((id) => kept.find((each) => each.id === id) as Kept)
    if (chosen === undefined || other === undefined) throw new Error('no such recordings')
    await flipByte(world, chosen.audioKey, 900)
    const marker = await world.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: other.audioKey }))
    const { end } = await runScope(world, { kind: 'sample', size: 10, seed: 'y' })
    expect(end.account.mismatches.map(({ recordingId }) => recordingId).toSorted()).toEqual(
      [inside, outside].toSorted(),
    )
    expect(end.account.tally).toMatchObject({ recordings: 11, read: 11, mismatches: 2 })
    expect(end.confidence).toMatchObject({ population: IN_ALL, read: 10, bad: 1 })
    await flipByte(world, chosen.audioKey, 900)
    await world.client.send(
      new DeleteObjectCommand({ Bucket: BUCKET, Key: other.audioKey, VersionId: marker.VersionId }),
    )
  })

  it('is none where the time was over before all of it was read', async () => {
    let asked = 0
    const { end } = await runScope(
      world,
      { kind: 'sample', size: 60, seed: 'z' },
      { mayStart: () => (asked += 1) <= 40 },
    )
    expect(end.why).toBe('out-of-time')
    expect(end.confidence).toBeUndefined()
    expect(end.account.tally.read).toBe(40)
    const report = await world.json(end.reportKeys[0] ?? '')
    expect(report).toMatchObject({ end: 'out-of-time', confidence: null, counts: { read: 40 } })
  })

  it('of another workspace has nothing of this one', async () => {
    const { end } = await runScope(world, { kind: 'sample', size: 5, seed: 'x' }, { workspaceId: 'another' })
    expect(end.confidence).toMatchObject({ population: 0, read: 0 })
  })
})
