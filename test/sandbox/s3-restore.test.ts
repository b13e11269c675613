import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  RestoreObjectCommand,
  type RestoreRequest,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { bucket, refusal, startTestS3 } from '../helpers/s3-sandbox.ts'

const START = Date.parse('2026-03-01T10:30:00Z')
const HOUR_MS = 3_600_000
const k = { Bucket: bucket, Key: 'k' }

/** An object of a class that is not read in real time, and a clock that both sides believe. */
async function startArchived(StorageClass: 'GLACIER' | 'DEEP_ARCHIVE' | 'GLACIER_IR' = 'GLACIER') {
  let now = new Date(START)
  const s3 = await startTestS3({ versioning: true, now: () => now })
  const client = s3.connect({ systemClockOffset: START - Date.now() })
  const elapse = (hours: number) => {
    now = new Date(START + hours * HOUR_MS)
    client.config.systemClockOffset = now.getTime() - Date.now()
  }
  await client.send(new PutObjectCommand({ ...k, Body: 'audio', StorageClass }))
  const read = async () => {
    const { Body } = await client.send(new GetObjectCommand(k))
    return await Body?.transformToString()
  }
  const head = async () => {
    const { StorageClass: shown, Restore, ContentLength } = await client.send(new HeadObjectCommand(k))
    return { StorageClass: shown, Restore, ContentLength }
  }
  const restore = async (RestoreRequest: RestoreRequest) =>
    (await client.send(new RestoreObjectCommand({ ...k, RestoreRequest }))).$metadata.httpStatusCode
  return { ...s3, client, elapse, read, head, restore }
}

test('an archived object is looked at, and not read before it is restored', async () => {
  const { read, head, client, server } = await startArchived()
  expect(await head()).toEqual({ StorageClass: 'GLACIER', Restore: undefined, ContentLength: 5 })
  expect(await refusal(read())).toBe('403 InvalidObjectState')
  const copy = new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource: `${bucket}/k` })
  expect(await refusal(client.send(copy))).toBe('403 InvalidObjectState')
  expect(await refusal(client.send(new HeadObjectCommand({ ...k, Key: 'copy' })))).toBe('404 NotFound')
  const linked = await fetch(server.presignGet(bucket, 'k', 60))
  expect([linked.status, await linked.text()]).toEqual([403, expect.stringContaining('GLACIER')])
})

test('a restore takes its hours, keeps the copy to the midnight after its days, and the object stays archived', async () => {
  const { read, head, restore, elapse } = await startArchived()
  expect(await restore({ Days: 2, GlacierJobParameters: { Tier: 'Standard' } })).toBe(202)
  expect(await head()).toMatchObject({ StorageClass: 'GLACIER', Restore: 'ongoing-request="true"' })
  expect(await refusal(read())).toBe('403 InvalidObjectState')
  expect(await refusal(restore({ Days: 2 }))).toBe('409 RestoreAlreadyInProgress')
  elapse(3)
  expect(await read()).toBe('audio')
  expect(await head()).toMatchObject({
    StorageClass: 'GLACIER',
    Restore: 'ongoing-request="false", expiry-date="Wed, 04 Mar 2026 00:00:00 GMT"',
  })
  elapse(3 * 24)
  expect(await refusal(read())).toBe('403 InvalidObjectState')
  expect(await head()).toMatchObject({ Restore: undefined })
})

test('a restored copy is kept longer when asked again', async () => {
  const { head, restore, elapse } = await startArchived()
  await restore({ Days: 1, GlacierJobParameters: { Tier: 'Expedited' } })
  elapse(1)
  expect(await restore({ Days: 5 })).toBe(200)
  expect((await head()).Restore).toContain('Sat, 07 Mar 2026 00:00:00 GMT')
})

test('deep archive has no fast way, and takes twelve hours', async () => {
  const { read, restore, elapse } = await startArchived('DEEP_ARCHIVE')
  expect(await refusal(restore({ Days: 1, GlacierJobParameters: { Tier: 'Expedited' } }))).toBe(
    '400 InvalidArgument',
  )
  expect(await restore({ Days: 1 })).toBe(202)
  elapse(11)
  expect(await refusal(read())).toBe('403 InvalidObjectState')
  elapse(12)
  expect(await read()).toBe('audio')
})

test('what can be read at once is not restored, and days must be named', async () => {
  const instant = await startArchived('GLACIER_IR')
  expect(await instant.read()).toBe('audio')
  expect(await refusal(instant.restore({ Days: 1 }))).toBe('403 InvalidObjectState')
  const { restore } = await startArchived()
  expect(await refusal(restore({}))).toBe('400 MalformedXML')
})

test('a copy of a restored object is of the standard class', async () => {
  const { client, restore, elapse } = await startArchived()
  await restore({ Days: 1, GlacierJobParameters: { Tier: 'Expedited' } })
  elapse(1)
  await client.send(new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource: `${bucket}/k` }))
  const { Body, StorageClass } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'copy' }))
  expect([await Body?.transformToString(), StorageClass]).toEqual(['audio', undefined])
})
