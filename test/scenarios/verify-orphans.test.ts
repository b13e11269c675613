import { createHash, randomUUID } from 'node:crypto'
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Scope } from '../../lib/verify/order.ts'
import { ORPHANS } from '../../lib/verify/orphans.ts'
import { daysAhead, runScope } from '../helpers/verify-run.ts'
import {
  BUCKET,
  buildAudio,
  startVerifyWorld,
  VERIFY_WORKSPACE,
  type VerifyWorld,
} from '../helpers/verify-world.ts'

let world: VerifyWorld
beforeEach(async () => {
  world = await startVerifyWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

const PREFIX = `recordings/${VERIFY_WORKSPACE}/`
const EVERYWHERE: readonly Scope[] = [{ kind: 'all' }, { kind: 'sample', size: 1, seed: 'any' }]

const remove = (Key: string, VersionId?: string) =>
  world.client.send(
    new DeleteObjectCommand({ Bucket: BUCKET, Key, ...(VersionId !== undefined && { VersionId }) }),
  )

/** Makes one orphan of each kind among good recordings; resolves to what a report must name. */
async function layOrphans(): Promise<object[]> {
  for (let number = 0; number < 5; number++) await world.keep()
  const bare = `${PREFIX}${randomUUID()}.mp3`
  const bareVersion = await world.put(bare, buildAudio(bare))
  const rewritten = await world.keep()
  const deleted = await remove(rewritten.audioKey)
  // Written anew while it was deleted, and the sidecar of that: what was there before is left over.
  await remove(rewritten.sidecarKey, (await world.versionsOf(rewritten.sidecarKey))[0])
  const again = await world.keep({ id: rewritten.id })
  expect(again.versionId).not.toBe(rewritten.versionId)
  const replaced = await world.keep()
  const marker = await remove(replaced.sidecarKey)
  await remove(replaced.sidecarKey, (await world.versionsOf(replaced.sidecarKey))[0])
  await world.put(replaced.sidecarKey, replaced.sidecar)
  const upload = `${PREFIX}${randomUUID()}.mp3`
  const { UploadId } = await world.client.send(
    new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: upload }),
  )
  const strangers = [`${PREFIX}readme.txt`, `${PREFIX}${again.id}.json.bak`, `${PREFIX}0/nested.mp3`]
  const versions = await Promise.all(strangers.map((key) => world.put(key, 'not ours')))
  return [
    { kind: 'audio-without-sidecar', key: bare, versionId: bareVersion },
    { kind: 'extra-version', key: rewritten.audioKey, versionId: rewritten.versionId },
    { kind: 'extra-version', key: rewritten.audioKey, versionId: deleted.VersionId },
    // Nobody knows any more what the sidecar was that the marker was to hide.
    { kind: 'disputed-version', key: replaced.sidecarKey, versionId: marker.VersionId },
    { kind: 'unfinished-upload', key: upload, uploadId: UploadId },
    ...strangers.map((key, index) => ({ kind: 'unknown-object', key, versionId: versions[index] })),
  ]
}

describe('orphans', () => {
  it.each(EVERYWHERE)('of every kind are found and named by a check of $kind', async (scope) => {
    const orphans = await layOrphans()
    expect(new Set(orphans.map((orphan) => 'kind' in orphan && orphan.kind))).toEqual(new Set(ORPHANS))
    const before = await world.keys('recordings/')
    const { end } = await runScope(world, scope, { compose: { clock: daysAhead(2) } })
    expect(end.why).toBe('finished')
    const named = end.account.orphans.map(({ since, ...orphan }) => {
      expect(since).toBeInstanceOf(Date)
      return orphan
    })
    expect(named).toHaveLength(orphans.length)
    for (const orphan of orphans) expect(named).toContainEqual(orphan)
    expect(end.account.tally).toMatchObject({ orphans: orphans.length, mismatches: 0, unread: 0 })
    const [report] = await world.reports()
    expect(report?.['orphans']).toHaveLength(orphans.length)
    expect(report?.['counts']).toMatchObject({ orphans: orphans.length })
    expect(await world.keys('recordings/')).toEqual(before)
  })

  it.each(EVERYWHERE)('are not what is still on its way: $kind', async (scope) => {
    await world.keep()
    const bare = `${PREFIX}${randomUUID()}.mp3`
    await world.put(bare, buildAudio(bare))
    await world.client.send(
      new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: `${PREFIX}${randomUUID()}.mp3` }),
    )
    const { end } = await runScope(world, scope)
    expect(end.account.tally).toMatchObject({ orphans: 0, onItsWay: 1, mismatches: 0, read: 1 })
    const { end: later } = await runScope(world, scope, { compose: { clock: daysAhead(2) } })
    expect(later.account.tally).toMatchObject({ orphans: 2, onItsWay: 0, mismatches: 0, read: 1 })
  })

  it('of one recording are told when it alone is looked at', async () => {
    const bare = randomUUID()
    const versionId = await world.put(`${PREFIX}${bare}.mp3`, buildAudio(bare))
    const { end } = await runScope(world, { kind: 'ids', ids: [bare] }, { compose: { clock: daysAhead(2) } })
    expect(end.account.orphans).toEqual([
      {
        kind: 'audio-without-sidecar',
        key: `${PREFIX}${bare}.mp3`,
        versionId,
        since: expect.any(Date) as unknown,
      },
    ])
  })

  it.each(EVERYWHERE)(
    'are no reason to delete audio whose sidecar was written over: the oldest one names the original ($kind)',
    async (scope) => {
      const kept = await world.keep()
      const forged = buildAudio('forged')
      const between = await world.put(kept.audioKey, buildAudio('something between'))
      const onTop = await world.put(kept.audioKey, forged)
      const sha256 = createHash('sha256').update(forged).digest('hex')
      const lie = kept.sidecar.replace(kept.versionId, onTop).replace(kept.sha256, sha256)
      expect(lie).not.toContain(kept.sha256)
      await world.put(kept.sidecarKey, lie)
      const { end } = await runScope(world, scope)
      const [verdict] = end.account.mismatches
      expect(verdict).toMatchObject({ recordingId: kept.id, sha256: kept.sha256 })
      // What was archived is there, and as it was: only what lies on top is to be told.
      expect(verdict?.findings).toMatchObject([
        { kind: 'overwritten', object: 'sidecar' },
        { kind: 'overwritten', object: 'audio', expected: kept.versionId, found: onTop },
      ])
      expect(end.account.orphans).toMatchObject([
        { kind: 'disputed-version', key: kept.audioKey, versionId: between },
      ])
    },
  )

  it('are no reason to delete audio whose sidecar cannot be read: any version may be the original', async () => {
    const kept = await world.keep({ edit: () => 'nothing of that kind' })
    await world.put(kept.audioKey, buildAudio('another'))
    const { end } = await runScope(world, { kind: 'ids', ids: [kept.id] })
    expect(end.account.orphans).toMatchObject([
      { kind: 'disputed-version', key: kept.audioKey, versionId: kept.versionId },
    ])
  })

  it('are not the original of a bucket that has kept versions only since', async () => {
    await using plain = await startVerifyWorld({ objectLock: false, versioning: false })
    const kept = await plain.keep()
    const VersioningConfiguration = { Status: 'Enabled' } as const
    await plain.client.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration }))
    const onTop = await plain.put(kept.audioKey, buildAudio('another'))
    const { end } = await runScope(plain, { kind: 'ids', ids: [kept.id] })
    expect(end.account.mismatches).toMatchObject([
      { sha256: kept.sha256, findings: [{ kind: 'overwritten', expected: 'null', found: onTop }] },
    ])
    expect(end.account.orphans).toEqual([])
  })

  it('of another workspace are none of this one', async () => {
    await world.keep()
    await world.put('recordings/another/readme.txt', 'not ours')
    const { end } = await runScope(world, { kind: 'all' }, { compose: { clock: daysAhead(2) } })
    expect(end.account.tally).toMatchObject({ recordings: 1, orphans: 0 })
  })
})
