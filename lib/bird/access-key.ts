import { ConfigurationError } from '../errors.ts'

/** Where the access key comes from. `reread` is asked after a 401 and tells whether there is another key than the refused one now. */
export interface AccessKeySource {
  /** @throws ConfigurationError if there is no key to be had */
  read(): Promise<string>
  reread(refusedKey: string): Promise<boolean>
}

/** A key that never changes while this process lives. */
export function fixedAccessKey(key: string): AccessKeySource {
  return { read: async () => key, reread: async () => false }
}

/** A key kept in a secret: fetched once, kept, and fetched again when Bird refuses it (it may have been rotated). */
export function secretAccessKey(fetchSecret: () => Promise<string>): AccessKeySource {
  let cached: Promise<string> | undefined
  const read = (): Promise<string> => {
    cached ??= fetchSecret().then(keyIn)
    const reading = cached
    reading.catch(() => {
      if (cached === reading) cached = undefined
    })
    return reading
  }
  return {
    read,
    async reread(refusedKey) {
      // Sixteen recordings meet the rotation at once; the first of them has fetched the new key for all.
      if ((await read()) !== refusedKey) return true
      cached = undefined
      return (await read()) !== refusedKey
    },
  }
}

/**
 * The secret is the key itself, or a JSON object (Secrets Manager's console makes one) that holds it as `accessKey` or
 * `BIRD_ACCESS_KEY`.
 * @throws ConfigurationError which quotes nothing of the secret
 */
export function keyIn(secret: string): string {
  const text = secret.trim()
  if (/^[\u0021-\u007e]+$/.test(text) && !/^[{["]/.test(text)) return text
  const key = jsonField(text)
  if (key !== undefined && /^[\u0021-\u007e]+$/.test(key)) return key
  throw new ConfigurationError([
    'the secret behind BIRD_ACCESS_KEY_SECRET holds neither the key itself nor JSON with "accessKey"',
  ])
}

function jsonField(text: string): string | undefined {
  try {
    const fields = JSON.parse(text) as Record<string, unknown> | null
    const key = fields?.['accessKey'] ?? fields?.['BIRD_ACCESS_KEY']
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}
