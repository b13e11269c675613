import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../lib/deadline.ts'
import { StoreError } from '../../lib/errors.ts'
import type { S3Request } from '../../lib/sandbox/s3-server.ts'
import { createDocuments, type Documents } from '../../lib/s3/documents.ts'
import { bucket, startTestS3, type TestS3 } from '../helpers/s3-sandbox.ts'

const KEY = 'backfill/marks/ws/recent.json'
const never = new AbortController().signal

interface Bench {
  readonly s3: TestS3
  readonly documents: Documents
  /** A second way to the same bucket, which knows nothing of the first. */
  readonly others: Documents
  readonly requests: S3Request[]
  readonly pauses: number[]
  /** What happens before the next PUTs of `documents`, one for each. */
  readonly beforePut: (() => Promise<void>)[]
}

async function startBench(): Promise<Bench> {
  const requests: S3Request[] = []
  const s3 = await startTestS3({ versioning: true, faults: (request) => void requests.push(request) })
  const pauses: number[] = []
  const clock: Clock = {
    now: () => new Date(),
    random: () => 0.5,
    pause: async (ms) => void pauses.push(ms),
  }
  const beforePut: Bench['beforePut'] = []
  s3.client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] === 'PutObjectCommand') await beforePut.shift()?.()
      return next(args)
    },
    { step: 'initialize' },
  )
  return {
    s3,
    documents: createDocuments(s3.client, bucket, clock, randomUUID),
    others: createDocuments(s3.connect({}), bucket, clock, randomUUID),
    requests,
    pauses,
    beforePut,
  }
}

describe('a change', () => {
  it('is made in view of what stands there', async () => {
    const { documents, pauses } = await startBench()
    const seen: (string | undefined)[] = []
    for (const next of ['one', 'two'])
      await documents.change(
        KEY,
        (text) => {
          seen.push(text)
          return next
        },
        never,
      )
    expect(seen).toEqual([undefined, 'one'])
    expect((await documents.read(KEY, never))?.text).toBe('two')
    expect(pauses).toEqual([])
  })

  it('to the same text writes nothing', async () => {
    const { documents, requests } = await startBench()
    await documents.change(KEY, () => 'one', never)
    const before = requests.length
    await documents.change(KEY, (text) => text ?? '', never)
    expect(requests.slice(before).map(({ operation }) => operation)).toEqual(['GetObject'])
  })

  it('is made once more whenever another was faster, in view of what the other wrote', async () => {
    const { documents, others, pauses, beforePut } = await startBench()
    await others.change(KEY, () => 'first', never)
    const seen: (string | undefined)[] = []
    beforePut.push(() => others.change(KEY, (text = '') => `${text}+theirs`, never))
    await documents.change(
      KEY,
      (text) => {
        seen.push(text)
        return `${text ?? ''}+ours`
      },
      never,
    )
    expect(seen).toEqual(['first', 'first+theirs'])
    expect((await documents.read(KEY, never))?.text).toBe('first+theirs+ours')
    expect(pauses).toEqual([10])
  })

  it('of ten writers at once is lost of none, although each writes the whole', async () => {
    const { documents, others, pauses } = await startBench()
    const names = Array.from({ length: 10 }, (_, index) => `writer-${index}`)
    await Promise.all(
      names.map((name, index) =>
        (index % 2 === 0 ? documents : others).change(
          KEY,
          (text) => JSON.stringify([...(JSON.parse(text ?? '[]') as string[]), name]),
          never,
        ),
      ),
    )
    const text = (await documents.read(KEY, never))?.text ?? ''
    expect((JSON.parse(text) as string[]).toSorted()).toEqual(names)
    // They did meet.
    expect(pauses.length).toBeGreaterThan(0)
  })

  // Taken for its own, it would let two runs take the same window.
  it('is made although another has just made the same one', async () => {
    const { documents, others, beforePut } = await startBench()
    const addOne = (text: string | undefined): string => String(Number(text ?? 0) + 1)
    beforePut.push(() => others.change(KEY, addOne, never))
    await documents.change(KEY, addOne, never)
    expect((await documents.read(KEY, never))?.text).toBe('2')
  })

  it('is given up after thirty times, each after a longer pause; what the others wrote stays', async () => {
    const { documents, others, pauses, beforePut } = await startBench()
    await others.change(KEY, () => '0', never)
    for (let time = 1; time <= 40; time++) beforePut.push(() => others.change(KEY, () => String(time), never))
    const lost = documents.change(KEY, (text = '') => `${text}, ours`, never)
    await expect(lost).rejects.toThrow(StoreError)
    await expect(lost).rejects.toThrow(`${KEY} was changed by others 30 times while it was to be written`)
    expect((await documents.read(KEY, never))?.text).toBe('30')
    expect(pauses).toEqual(Array.from({ length: 30 }, (_, index) => 10 * (index + 1)))
  })
})

describe('the names under a prefix', () => {
  it('are all of them, in their order, however many pages that takes', async () => {
    const { s3, documents, requests } = await startBench()
    const names = Array.from(
      { length: 1_001 },
      (_, index) => `dropped/ws/${String(index).padStart(5, '0')}.json`,
    )
    for (const name of names) await s3.server.putFile(bucket, name, Buffer.from('{}'))
    for (const other of ['dropped/w', 'dropped/wt/1.json', 'drop'])
      await s3.server.putFile(bucket, other, Buffer.from(''))
    const listed: string[] = []
    for await (const name of documents.list('dropped/ws/', never)) listed.push(name)
    expect(listed).toEqual(names)
    expect(requests.map(({ operation }) => operation)).toEqual(['ListObjectsV2', 'ListObjectsV2'])
  })
})
