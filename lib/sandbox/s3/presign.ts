import { amzDate, encodePath, encodeRfc3986, scopeText, signingKey, signRequest } from './sigv4.ts'
import type { SigningScope } from './sigv4.ts'
import type { Account } from './authenticate.ts'

/**
 * A link that gets one object without further credentials until `expiresSeconds` are over ("Authenticating Requests: Using Query
 * Parameters", S3 API Reference). Only `host` is signed, so a Range can be added.
 */
export function presignGet(
  account: Account,
  base: { host: string; path: string },
  expiresSeconds: number,
  now: Date,
): string {
  const date = amzDate(now)
  const scope = { day: date.slice(0, 8), region: account.region }
  const query: [string, string][] = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${account.accessKeyId}/${scopeText(scope)}`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', String(expiresSeconds)],
    ['X-Amz-SignedHeaders', 'host'],
    ['x-id', 'GetObject'],
  ]
  const signature = signRequest(keyOfDay(account, scope), scope, date, {
    method: 'GET',
    path: base.path,
    query,
    signedHeaders: [['host', base.host]],
    payloadHash: 'UNSIGNED-PAYLOAD',
  })
  const signed = [...query, ['X-Amz-Signature', signature] as const]
  const search = signed.map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`).join('&')
  return `http://${base.host}${encodePath(base.path)}?${search}`
}

const keys = new WeakMap<Account, { day: string; key: Buffer }>()

/** The key changes once a day; a list of recordings has a link in each of its items. */
function keyOfDay(account: Account, scope: SigningScope): Buffer {
  const kept = keys.get(account)
  if (kept?.day === scope.day) return kept.key
  const key = signingKey(account.secretAccessKey, scope)
  keys.set(account, { day: scope.day, key })
  return key
}
