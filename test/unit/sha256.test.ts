import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Sha256 } from '../../lib/s3/sha256.ts'

const hex = async (hash: { digest(): Promise<Uint8Array> }): Promise<string> =>
  Buffer.from(await hash.digest()).toString('hex')

const source = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.uint8Array({ maxLength: 200 }),
  fc.uint8Array({ minLength: 4, maxLength: 40 }).map((bytes) => bytes.subarray(1, 3)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.slice().buffer),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => new DataView(bytes.slice().buffer, 2, 5)),
)

/** The same bytes, as node:crypto takes them. */
function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}

describe("the signer's SHA-256", () => {
  it('is that of node:crypto, whatever it is fed with', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(source, { maxLength: 5 }), async (pieces) => {
        const hash = new Sha256()
        const expected = createHash('sha256')
        for (const piece of pieces) {
          hash.update(piece)
          expected.update(bytesOf(piece))
        }
        expect(await hex(hash)).toBe(expected.digest('hex'))
      }),
    )
  })

  it('with a secret is the HMAC of node:crypto, and the same again with the same key', async () => {
    await fc.assert(
      fc.asyncProperty(source, source, async (secret, data) => {
        const expected = createHmac('sha256', bytesOf(secret)).update(bytesOf(data)).digest('hex')
        const hashes = [new Sha256(secret), new Sha256(secret)]
        for (const hash of hashes) hash.update(data)
        expect(await Promise.all(hashes.map(hex))).toEqual([expected, expected])
      }),
    )
  })

  it('tells keys apart that lie in the same memory', async () => {
    const memory = Buffer.from('one secret, another secret')
    const [one, other] = [memory.subarray(0, 10), memory.subarray(12)]
    for (const key of [one, other, one]) {
      const hash = new Sha256(key)
      hash.update('data')
      expect(await hex(hash)).toBe(createHmac('sha256', key).update('data').digest('hex'))
    }
  })

  it('starts over when reset, and keeps its secret', async () => {
    const [plain, keyed] = [new Sha256(), new Sha256('secret')]
    for (const hash of [plain, keyed]) {
      hash.update('forgotten')
      hash.reset()
      hash.update('data')
    }
    expect(await hex(plain)).toBe(createHash('sha256').update('data').digest('hex'))
    expect(await hex(keyed)).toBe(createHmac('sha256', 'secret').update('data').digest('hex'))
    plain.reset()
    expect(await hex(plain)).toBe(createHash('sha256').digest('hex'))
  })

  it('makes the signing key of the example in the IAM User Guide', async () => {
    // "Examples of how to derive a signing key for Signature Version 4": key, date, region and service as given there.
    let key: string | Uint8Array = 'AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
    for (const data of ['20120215', 'us-east-1', 'iam', 'aws4_request']) {
      const hash: InstanceType<typeof Sha256> = new Sha256(key)
      hash.update(data)
      key = await hash.digest()
    }
    expect(Buffer.from(key).toString('hex')).toBe(
      'f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d',
    )
  })
})
