import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto'

type Source = string | ArrayBuffer | ArrayBufferView

/** What the SDK's signer asks of a hash. */
interface SdkHash {
  update(data: Source): void
  digest(): Promise<Uint8Array>
  reset(): void
}

/** Of keys that are bytes: the signer keeps a signing key for a day and hands the same bytes in each time. */
const keyObjects = new WeakMap<object, KeyObject>()

/**
 * SHA-256, and HMAC-SHA256 where a secret is given, for the SDK's signer. Node turns a key of bytes into a key object
 * at each use, which takes five times as long as the HMAC; here that is done once for each key.
 */
function hashFor(secret?: Source): SdkHash {
  const begin = (): ReturnType<typeof createHash> | ReturnType<typeof createHmac> =>
    secret === undefined ? createHash('sha256') : createHmac('sha256', keyOf(secret))
  let hash = begin()
  return {
    update(data) {
      hash.update(typeof data === 'string' ? data : bytesOf(data))
    },
    digest: async () => hash.digest(),
    reset() {
      hash = begin()
    },
  }
}

function keyOf(secret: Source): KeyObject | string {
  if (typeof secret === 'string') return secret
  const known = keyObjects.get(secret)
  if (known !== undefined) return known
  const made = createSecretKey(bytesOf(secret))
  keyObjects.set(secret, made)
  return made
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}

/** {@link hashFor} as the constructor that the SDK's configuration wants. */
export const Sha256 = function sha256(secret?: Source) {
  return hashFor(secret)
} as unknown as new (secret?: Source) => SdkHash
