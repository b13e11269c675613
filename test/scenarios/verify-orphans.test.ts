import { randomUUID } from 'node:crypto'
import { CreateMultipartUploadCommand, DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ORPHANS } from '../../lib/verify/judge.ts'
import type { Scope } from '../../lib/verify/order.ts'
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

/** Makes one orphan of each kind among good recordings; resolves to what a report must name. */
async function layOrphans(): Promise<object[]> {
  for (let number = 0; number < 5; number++) await world.keep()
  const bare = `${PREFIX}${randomUUID()}.mp3`
  const bareVersion = await world.put(bare, buildAudio(bare))
  const rewritten = await world.keep()
  const deleted = await world.client.send(
    new DeleteObjectCommand({ Bucket: BUCKET, Key: rewritten.audioKey }),
  )
  // Written anew while it was deleted, and the sidecar of that: what was there before is left over.
  await world.client.send(
    new DeleteObjectCommand({
      Bucket: BUCKET,
      Key: rewritten.sidecarKey,
      VersionId: (await world.versionsOf(rewritten.sidecarKey))[0],
    }),
  )
  const again = await world.keep({ id: rewritten.id })
  expect(again.versionId).not.toBe(rewritten.versionId)
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

  it('of another workspace are none of this one', async () => {
    await world.keep()
    await world.put('recordings/another/readme.txt', 'not ours')
    const { end } = await runScope(world, { kind: 'all' }, { compose: { clock: daysAhead(2) } })
    expect(end.account.tally).toMatchObject({ recordings: 1, orphans: 0 })
  })
})
