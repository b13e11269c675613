import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import pLimit from 'p-limit'

// An archiver as most public ones are written: it follows the redirect with fetch, pipes into lib-storage with its
// defaults, and verifies nothing. It is here to be measured against.

const { BIRD_API_URL = '', BIRD_WORKSPACE_ID = '', BIRD_ACCESS_KEY = '', ARCHIVE_BUCKET = '' } = process.env
const s3 = new S3Client({ forcePathStyle: true })
const limit = pLimit(16)

/** Archives a batch; what fails is handed back. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const results = await Promise.allSettled(event.Records.map(({ body }) => limit(() => archive(body))))
  const batchItemFailures = event.Records.filter((_, index) => results[index]?.status === 'rejected').map(
    ({ messageId }) => ({ itemIdentifier: messageId }),
  )
  return { batchItemFailures }
}

async function archive(recordingId: string): Promise<void> {
  const url = `${BIRD_API_URL}/workspaces/${BIRD_WORKSPACE_ID}/recordings/${recordingId}`
  const metadata: unknown = await (await get(url)).json()
  const audio = await get(`${url}.mp3`)
  const Key = `recordings/${BIRD_WORKSPACE_ID}/${recordingId}`
  const upload = new Upload({
    client: s3,
    params: {
      Bucket: ARCHIVE_BUCKET,
      Key: `${Key}.mp3`,
      Body: Readable.fromWeb(audio.body as ReadableStream),
      ContentType: 'audio/mpeg',
    },
  })
  await upload.done()
  await s3.send(
    new PutObjectCommand({
      Bucket: ARCHIVE_BUCKET,
      Key: `${Key}.json`,
      Body: JSON.stringify(metadata),
      ContentType: 'application/json',
    }),
  )
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url, { headers: { authorization: `AccessKey ${BIRD_ACCESS_KEY}` } })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return response
}
