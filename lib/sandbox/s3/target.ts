import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from './s3-error.ts'

/** What a request is about. */
export interface Target {
  /** decoded path as it was sent and signed */
  path: string
  /** empty for the list of buckets */
  bucket: string
  /** empty for the bucket itself */
  key: string
  /** decoded; a sub-resource without a value holds '' */
  query: Map<string, string>
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.")
  }
}

/** The bucket of a virtual-hosted request (`<bucket>.localhost[:port]`), or ''. */
function bucketOfHost(host: string): string {
  return /^(.+)\.localhost(?::\d+)?$/i.exec(host)?.[1] ?? ''
}

/**
 * Takes a request's target apart, path style or virtual-hosted. Dots and empty segments are kept: to S3 a key is just a string.
 * @throws {S3Error} InvalidURI, KeyTooLongError
 */
export function readTarget(url: string, headers: IncomingHttpHeaders): Target {
  const mark = url.indexOf('?')
  const path = decode(mark < 0 ? url : url.slice(0, mark))
  const query = new Map<string, string>()
  if (mark >= 0)
    for (const pair of url.slice(mark + 1).split('&')) {
      if (pair === '') continue
      const equals = pair.indexOf('=')
      const name = equals < 0 ? pair : pair.slice(0, equals)
      const value = equals < 0 ? '' : pair.slice(equals + 1)
      query.set(decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' ')))
    }
  const hosted = bucketOfHost(headers.host ?? '')
  const rest = path.replace(/^\//, '')
  const slash = rest.indexOf('/')
  const bucket = hosted || (slash < 0 ? rest : rest.slice(0, slash))
  const key = hosted ? rest : slash < 0 ? '' : rest.slice(slash + 1)
  if (Buffer.byteLength(key) > 1024)
    throw new S3Error('KeyTooLongError', 'Your key is too long', { MaxSizeAllowed: '1024' })
  return { path, bucket, key, query }
}
