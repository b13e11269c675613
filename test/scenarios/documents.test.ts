import { randomUUID } from 'node:crypto'
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  type S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../lib/deadline.ts'
import { ConfigurationError, StoreError } from '../../lib/errors.ts'
import type { S3Fault, S3Request } from '../../lib/sandbox/s3-server.ts'
import { createDocuments, type Documents, type Version } from '../../lib/s3/documents.ts'
import { bucket, startTestS3 } from '../helpers/s3-sandbox.ts'

const KEY = 'backfill/marks/ws/recent.json'
const never = new AbortController().signal

interface Bench {
  readonly documents: Documents
  readonly client: S3Client
  /** Faults of the next PUTs, in their order; after the last one all goes well. */
  readonly faults: (S3Fault | undefined)[]
  readonly puts: S3Request[]
  readonly pauses: number[]
  readonly stored: () => Promise<string | undefined>
}

/** The documents of a bucket, which is S3's own or, as far as the SDK is told, somebody else's. */
async function startBench(
  options: { config?: S3ClientConfig; isForeign?: boolean; versioning?: boolean } = {},
): Promise<Bench> {
  const faults: Bench['faults'] = []
  const puts: S3Request[] = []
  const pauses: number[] = []
  const s3 = await startTestS3({
    versioning: options.versioning ?? true,
    faults(request) {
      if (request.operation !== 'PutObject') return undefined
      puts.push(request)
      return faults.shift()
    },
  })
  const clock: Clock = {
    now: () => new Date(),
    random: () => 0.5,
    async pause(ms, signal) {
      signal.throwIfAborted()
      pauses.push(ms)
    },
  }
  const client = s3.connect(options.config ?? {})
  const documents = createDocuments(
    options.isForeign === true ? client : passForS3(client),
    bucket,
    clock,
    randomUUID,
  )
  return {
    documents,
    client: s3.client,
    faults,
    puts,
    pauses,
    stored: async () => (await documents.read(KEY, never))?.text,
  }
}

/** The same client, which says of itself that it talks to S3. */
function passForS3(client: S3Client): S3Client {
  const config = { isCustomEndpoint: false }
  return Object.create(client, {
    config: { value: config },
    send: { value: client.send.bind(client) },
  }) as S3Client
}

async function write(documents: Documents, version: Version | undefined, text: string): Promise<Version> {
  const written = await documents.replace(KEY, version, text, never)
  if (written === undefined) throw new Error('somebody else was faster')
  return written
}

const REFUSED: S3Fault = { kind: 'error', status: 412, code: 'PreconditionFailed' }
const CONFLICT: S3Fault = { kind: 'error', status: 409, code: 'ConditionalRequestConflict' }
const LOST: S3Fault = { kind: 'cut', after: true }

describe('a document', () => {
  it('is undefined under a free key, then what was written there, as JSON', async () => {
    const { documents, client } = await startBench()
    expect(await documents.read(KEY, never)).toBeUndefined()
    const written = await write(documents, undefined, '{"text":"üñ"}\n')
    expect(await documents.read(KEY, never)).toEqual(written)
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: KEY }))
    expect(head.ContentType).toBe('application/json')
  })

  it('is replaced version by version, each on the condition that it is the last', async () => {
    const { documents, puts } = await startBench()
    const first = await write(documents, undefined, 'one')
    const second = await write(documents, first, 'two')
    expect(await documents.read(KEY, never)).toEqual(second)
    expect(puts.map(({ headers }) => [headers['if-none-match'], headers['if-match']])).toEqual([
      ['*', undefined],
      [undefined, first.etag],
    ])
  })

  it.for([true, false])(
    'that was changed by another stays as the other left it (S3 itself: %s)',
    async (isS3) => {
      const { documents, stored, puts } = await startBench({ isForeign: !isS3 })
      const first = await write(documents, undefined, 'one')
      await write(documents, first, 'theirs')
      expect(await documents.replace(KEY, first, 'ours', never)).toBeUndefined()
      expect(await stored()).toBe('theirs')
      expect(puts).toHaveLength(3)
    },
  )

  it.for([true, false])(
    'that another has written first stays as the other left it (S3 itself: %s)',
    async (isS3) => {
      const { documents, stored, puts } = await startBench({ isForeign: !isS3 })
      await write(documents, undefined, 'theirs')
      expect(await documents.replace(KEY, undefined, 'ours', never)).toBeUndefined()
      expect(await stored()).toBe('theirs')
      expect(puts).toHaveLength(2)
    },
  )

  it('that is gone does not come back', async () => {
    const { documents, client, stored } = await startBench({ versioning: false })
    const first = await write(documents, undefined, 'one')
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: KEY }))
    expect(await documents.replace(KEY, first, 'two', never)).toBeUndefined()
    expect(await stored()).toBeUndefined()
  })

  it('is written without a condition only in a store that refuses every one, and is not S3', async () => {
    const s3 = await startBench()
    const first = await write(s3.documents, undefined, 'one')
    s3.faults.push(REFUSED)
    expect(await s3.documents.replace(KEY, first, 'two', never)).toBeUndefined()
    expect(await s3.stored()).toBe('one')

    const other = await startBench({ isForeign: true })
    const held = await write(other.documents, undefined, 'one')
    other.faults.push(REFUSED)
    expect(await other.documents.replace(KEY, held, 'two', never)).toMatchObject({ text: 'two' })
    expect(await other.stored()).toBe('two')
    expect(other.puts.at(-1)?.headers).not.toHaveProperty('if-match')
  })
})

describe('a write whose answer is lost', () => {
  // As the deployed client is set up: it tries again by itself.
  const config = { maxAttempts: 4 }

  it.for([
    ['was carried out', LOST],
    ['was not carried out', { kind: 'cut' }],
  ] as const)('succeeds, new or not, if it %s', async ([, fault]) => {
    const { documents, faults, puts, stored } = await startBench({ config })
    faults.push(fault)
    const first = await write(documents, undefined, 'one')
    expect(puts).toHaveLength(2)
    faults.push(fault)
    const second = await write(documents, first, 'two')
    expect(puts).toHaveLength(4)
    expect(await documents.read(KEY, never)).toEqual(second)
    faults.push(fault)
    await documents.change(KEY, (text = '') => `${text} and three`, never)
    expect(await stored()).toBe('two and three')
  })

  it('is a failure where no attempt arrives, with nothing written', async () => {
    const { documents, faults, puts, stored } = await startBench({ config })
    faults.push({ kind: 'cut' }, { kind: 'cut' }, { kind: 'cut' }, { kind: 'cut' })
    const lost = documents.replace(KEY, undefined, 'one', never)
    await expect(lost).rejects.toThrow(StoreError)
    await expect(lost).rejects.toThrow(`write ${KEY}: `)
    expect(puts).toHaveLength(4)
    expect(await stored()).toBeUndefined()
  })
})

describe('a write that meets another one', () => {
  it('is sent again after a pause, for as long as the other is under way', async () => {
    const { documents, faults, puts, pauses, stored } = await startBench()
    faults.push(CONFLICT, CONFLICT, CONFLICT, CONFLICT)
    await write(documents, undefined, 'one')
    expect(puts).toHaveLength(5)
    expect(pauses).toEqual([200, 400, 800, 1_600])
    expect(await stored()).toBe('one')
  })

  it('is given up after five times, with nothing written', async () => {
    const { documents, faults, puts, stored } = await startBench()
    const first = await write(documents, undefined, 'one')
    faults.push(CONFLICT, CONFLICT, CONFLICT, CONFLICT, CONFLICT)
    await expect(documents.replace(KEY, first, 'two', never)).rejects.toThrow(StoreError)
    expect(puts).toHaveLength(6)
    expect(await stored()).toBe('one')
  })
})

describe('a bucket that refuses', () => {
  it('says what has to be mended, or what failed', async () => {
    const { documents, faults, stored } = await startBench()
    faults.push({ kind: 'error', status: 403, code: 'AccessDenied' })
    await expect(documents.replace(KEY, undefined, 'one', never)).rejects.toThrow(ConfigurationError)
    faults.push({ kind: 'error', status: 500, code: 'InternalError' })
    await expect(documents.change(KEY, () => 'one', never)).rejects.toThrow(StoreError)
    expect(await stored()).toBeUndefined()
  })

  it('is left alone once the run is stopped, with the reason for that', async () => {
    const { documents, puts } = await startBench()
    const stop = new AbortController()
    const reason = new Error('stopped')
    stop.abort(reason)
    await expect(documents.read(KEY, stop.signal)).rejects.toBe(reason)
    await expect(documents.replace(KEY, undefined, 'one', stop.signal)).rejects.toBe(reason)
    await expect(documents.change(KEY, () => 'one', stop.signal)).rejects.toBe(reason)
    await expect(documents.list('', stop.signal).next()).rejects.toBe(reason)
    expect(puts).toEqual([])
  })
})
