import { S3Error } from './s3-error.ts'
import { compareKeys, lowerBound } from './order.ts'

/** A page of keys, the groups that a delimiter made of others, and whence the next page goes on. */
export interface KeyPage {
  keys: string[]
  prefixes: string[]
  /** the last key or group of this page, when there is more */
  next?: string
}

export interface PageRequest {
  prefix: string
  /** '' for none */
  delimiter: string
  /** entries above this key, or after this whole group, only */
  after: string
  limit: number
}

/** Cuts one page out of keys in S3's order; a group counts as one entry, and `wanted` can leave keys out. */
export function pageOfKeys(
  ordered: readonly string[],
  { prefix, delimiter, after, limit }: PageRequest,
  wanted: (key: string) => boolean,
): KeyPage {
  const page: KeyPage = { keys: [], prefixes: [] }
  if (limit === 0) return page
  const afterGroup =
    delimiter !== '' && after.length > prefix.length && after.startsWith(prefix) && after.endsWith(delimiter)
  let at = Math.max(lowerBound(ordered, prefix), lowerBound(ordered, after))
  let last = ''
  for (; at < ordered.length; at++) {
    const key = ordered[at] ?? ''
    if (!key.startsWith(prefix)) break
    if (key === after || (afterGroup && key.startsWith(after)) || !wanted(key)) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const entry = cut < 0 ? key : key.slice(0, cut + delimiter.length)
    if (cut >= 0 && entry === last) continue
    if (page.keys.length + page.prefixes.length >= limit) return { ...page, next: last }
    if (cut < 0) page.keys.push(key)
    else page.prefixes.push(entry)
    last = entry
  }
  return page
}

/** The later of two markers. */
export function laterKey(a: string, b: string): string {
  return compareKeys(a, b) > 0 ? a : b
}

/** An opaque token for `next`. */
export function writeToken(next: string): string {
  return Buffer.from(`1${next}`).toString('base64url')
}

/** @throws {S3Error} InvalidArgument for a token that we didn't write */
export function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString()
  if (!text.startsWith('1') || writeToken(text.slice(1)) !== token)
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
      ArgumentName: 'continuation-token',
    })
  return text.slice(1)
}

/** @throws {S3Error} InvalidArgument; at most 1000, as S3 does without a word */
export function readLimit(text: string | undefined, name: string): number {
  if (text === undefined || text === '') return 1000
  if (!/^\d{1,10}$/.test(text))
    throw new S3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
      ArgumentName: name,
      ArgumentValue: text,
    })
  return Math.min(1000, Number(text))
}
