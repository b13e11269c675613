import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  S3Client as Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { filePathOfKey } from '../../lib/sandbox/s3/layout.ts'
import { bucket, credentials, makeDirectory, refusal, region, startTestS3 } from '../helpers/s3-sandbox.ts'

const put = (client: S3Client, Key: string, Body: string | Buffer) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
const read = async (client: S3Client, Key: string, VersionId?: string) => {
  const got = await client.send(
    new GetObjectCommand({ Bucket: bucket, Key, ...(VersionId ? { VersionId } : {}) }),
  )
  return await got.Body!.transformToString('latin1')
}
const filesIn = async (directory: string) => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(directory.length + 1))
}

test('lays current bodies into the folder under their keys, and nothing else', async () => {
  const { client, directory } = await startTestS3({ versioning: true })
  const folder = join(directory, bucket)
  await put(client, 'recordings/w/1.mp3', 'old')
  await put(client, 'recordings/w/1.mp3', 'new')
  await put(client, 'recordings/w/2.mp3', 'two')
  expect((await filesIn(folder)).toSorted()).toEqual(['recordings/w/1.mp3', 'recordings/w/2.mp3'])
  expect(await readFile(join(folder, 'recordings/w/1.mp3'), 'utf8')).toBe('new')
  for (const Key of ['recordings/w/1.mp3', 'recordings/w/2.mp3'])
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
  expect(await readdir(folder)).toEqual([])
})

test('maps different keys to different files, none of them outside the folder', () => {
  const segment = fc.oneof(
    fc.constantFrom('', '.', '..', '%', '%2E', '%~', 'a', 'A', '\\', '\0', 'x'.repeat(256), 'ü'.repeat(200)),
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  )
  const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))
  fc.assert(
    fc.property(key, key, (one, other) => {
      const path = filePathOfKey(one)
      expect(path === filePathOfKey(other)).toBe(one === other)
      for (const name of path.split('/')) {
        expect(['', '.', '..']).not.toContain(name)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
        expect(name).not.toMatch(/[\0\\]/)
      }
    }),
    { numRuns: 300 },
  )
})

test('keeps keys apart that no file system could hold side by side', async () => {
  const keys = [
    'a',
    'a/b',
    'a/b/c',
    'a//b',
    'a/',
    './a',
    '../../escape',
    'a/../b',
    '%2E',
    `${'n'.repeat(300)}.mp3`,
    'ü%\\:*?',
  ]
  const { client, directory, server } = await startTestS3()
  for (const key of keys) await put(client, key, key)
  const check = async (reader: S3Client) => {
    const list = await reader.send(new ListObjectsV2Command({ Bucket: bucket }))
    expect(list.Contents?.map(({ Key }) => Key).toSorted()).toEqual(keys.toSorted())
    for (const key of keys) expect(Buffer.from(await read(reader, key), 'latin1').toString()).toBe(key)
  }
  await check(client)
  await server.close()
  const { client: again } = await startTestS3({ directory })
  await check(again)
  expect((await readdir(directory)).toSorted()).toEqual(['.s3', bucket])
})

test("leaves a person's own files in the folder alone, and still takes an object of that name", async () => {
  const { client, directory, server } = await startTestS3()
  const own = join(directory, bucket, 'notes.txt')
  await writeFile(own, 'mine')
  await put(client, 'notes.txt', 'object')
  expect(await readFile(own, 'utf8')).toBe('mine')
  expect(await read(client, 'notes.txt')).toBe('object')
  await server.close()
  const { client: again } = await startTestS3({ directory })
  expect(await read(again, 'notes.txt')).toBe('object')
  await again.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'notes.txt' }))
  expect(await readFile(own, 'utf8')).toBe('mine')
})

test('is the same after being closed and opened again', async () => {
  const one = await startTestS3({ versioning: true })
  const old = await put(one.client, 'k', 'old')
  await put(one.client, 'k', 'new')
  const upload = { Bucket: bucket, Key: 'mp' }
  const { UploadId } = await one.client.send(new CreateMultipartUploadCommand(upload))
  const part = await one.client.send(
    new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'part' }),
  )
  await one.server.close()

  const { client } = await startTestS3({ directory: one.directory })
  expect(await read(client, 'k')).toBe('new')
  expect(await read(client, 'k', old.VersionId)).toBe('old')
  const parts = await client.send(new ListPartsCommand({ ...upload, UploadId }))
  expect(parts.Parts).toMatchObject([{ PartNumber: 1, ETag: part.ETag }])
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] }
  await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }))
  expect(await read(client, 'mp')).toBe('part')
})

test('clears away what a killed process left half-written, and shows none of it', async () => {
  const one = await startTestS3()
  await put(one.client, 'k', 'whole')
  await one.server.close()
  const own = join(one.directory, '.s3', bucket)
  const before = await filesIn(own)
  await writeFile(join(own, 'bodies', 'cut-short'), 'half a bod')
  await writeFile(join(own, 'objects', 'record.json.tmp'), '{"key":"half","versi')
  await writeFile(join(own, 'bucket.json.tmp'), '{')
  await mkdir(join(own, 'uploads', 'never-begun'))
  await writeFile(join(own, 'uploads', 'never-begun', 'body'), 'x')
  await mkdir(join(one.directory, '.s3', 'never-made', 'bodies'), { recursive: true })

  const { client } = await startTestS3({ directory: one.directory })
  const list = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
  expect(list.Contents?.map(({ Key }) => Key)).toEqual(['k'])
  expect((await filesIn(own)).toSorted()).toEqual(before.toSorted())
  expect(await readdir(join(one.directory, '.s3'))).toEqual([bucket])
})

test('finishes a commit whose record was written but whose body had not reached the folder', async () => {
  const one = await startTestS3()
  await put(one.client, 'a/k', 'body')
  await one.server.close()
  const own = join(one.directory, '.s3', bucket)
  const [record = ''] = await readdir(join(own, 'objects'))
  const written = JSON.parse(await readFile(join(own, 'objects', record), 'utf8')) as {
    versions: { bodyId: string }[]
  }
  const visible = join(one.directory, bucket, 'a/k')
  await rename(visible, join(own, 'bodies', written.versions[0]!.bodyId))

  const { client } = await startTestS3({ directory: one.directory })
  expect(await readFile(visible, 'utf8')).toBe('body')
  expect(await read(client, 'a/k')).toBe('body')
})

test('says that an object is not there when somebody took its file away', async () => {
  const { client, directory } = await startTestS3()
  await put(client, 'k', 'x')
  await rename(join(directory, bucket, 'k'), join(directory, 'elsewhere'))
  expect(await refusal(client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' })))).toBe('404 NotFound')
})

test('loses nothing that was acknowledged, and shows nothing half, when it is killed in the middle of writes', async () => {
  const directory = await makeDirectory()
  const module = new URL('../../lib/sandbox/s3-server.ts', import.meta.url).href
  const options = JSON.stringify({ directory, credentials, region })
  const source = `import { startS3Server } from ${JSON.stringify(module)}
    const server = await startS3Server(${options})
    await server.createBucket(${JSON.stringify(bucket)})
    process.stdout.write(server.url)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [url] = (await once(child.stdout, 'data')) as [Buffer]
  const client = new Client({
    endpoint: String(url),
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  })
  onTestFinished(() => client.destroy())

  // Each body is one repeated letter, so that a mixture of two, or a part of one, can be told.
  const bodyBytes = 200_000
  const acknowledged = new Map<string, number>()
  let writes = 0
  const writer = async (key: string) => {
    for (let round = 0; ; round++) {
      const sent = await put(client, key, Buffer.alloc(bodyBytes, 97 + (round % 26))).catch(() => undefined)
      if (!sent) return
      acknowledged.set(key, round)
      if (++writes === 40) child.kill('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: 6 }, (_, i) => writer(`w/${i}`)))

  const reopened = await startTestS3({ directory })
  for (const [key, round] of acknowledged) {
    const body = await read(reopened.client, key)
    // The write after the last acknowledged one may or may not have happened.
    expect([97 + (round % 26), 97 + ((round + 1) % 26)]).toContain(body.charCodeAt(0))
    expect(body).toBe(body.charAt(0).repeat(bodyBytes))
  }
  const { Contents = [] } = await reopened.client.send(new ListObjectsV2Command({ Bucket: bucket }))
  expect(Contents.map(({ Size }) => Size)).toEqual(Contents.map(() => bodyBytes))
  expect(await readdir(join(directory, '.s3', bucket, 'bodies'))).toEqual([])
  expect(acknowledged.size).toBeGreaterThan(0)
})

test('gives a part from deep inside a large object', async () => {
  const { client } = await startTestS3()
  const body = randomBytes(24 * 1024 * 1024)
  await put(client, 'big', body)
  const got = await client.send(
    new GetObjectCommand({ Bucket: bucket, Key: 'big', Range: 'bytes=20000000-20000099' }),
  )
  const bytes = Buffer.from(await got.Body!.transformToByteArray())
  expect(bytes.equals(body.subarray(20_000_000, 20_000_100))).toBe(true)
})
