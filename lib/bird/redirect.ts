import { redact, RedirectError } from '../errors.ts'

/** An allowed place for audio: `scheme://host[:port]`, where a leading `*` stands for one or more labels of the name. */
export interface OriginPattern {
  readonly protocol: 'https:' | 'http:'
  readonly host: string
  readonly port: string
}

/** Hosts that never leave the machine: the only ones to which plain http is let. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

const ORIGIN = /^(https?):\/\/((?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[::1\])(?::(\d{1,5}))?\/?$/i

/**
 * Reads one entry of `MEDIA_ORIGINS`. Returns what is wrong with it as text, fit for an operator: nothing of the entry is
 * repeated but its origin, for somebody may have pasted a link, and a link lets anybody in.
 */
export function parseOrigin(text: string): OriginPattern | string {
  const match = ORIGIN.exec(text.trim())
  if (match === null) return `is not scheme://host[:port], with * for leading labels at most${suggest(text)}`
  const [, scheme = '', host = '', port = ''] = match
  if (scheme.toLowerCase() === 'http' && !isLoopback(host.toLowerCase()))
    return 'is plain http, which is allowed for this machine itself only: use https'
  if (Number(port) > 65_535) return 'has a port that does not exist'
  if (host.startsWith('*.') && !/[a-z][a-z0-9-]*$/i.test(host))
    return 'puts a * before a number: addresses are named in full'
  const protocol = scheme.toLowerCase() === 'http' ? 'http:' : 'https:'
  const defaultPort = protocol === 'http:' ? '80' : '443'
  return { protocol, host: host.toLowerCase(), port: port === '' ? defaultPort : String(Number(port)) }
}

/** The origin of a link, where it is one that could be allowed and shows nothing that must not be seen. */
function suggest(text: string): string {
  const origin = URL.parse(text.trim())?.origin ?? ''
  const isFit = origin.startsWith('https:') && ORIGIN.test(origin) && redact(origin) === origin
  return isFit ? `: did you mean ${origin}?` : ''
}

/** As much of a foreign address as is told: enough for the host of any bucket. */
const MAX_PLACE_CHARACTERS = 120

/**
 * Follows a `Location` on paper: resolves it and holds it against the allow-list (SSRF; the redirect is the one place
 * where somebody else names an address to us).
 * @throws RedirectError that names the host at most, never the query
 */
export function checkRedirect(location: string | undefined, allowed: readonly OriginPattern[]): URL {
  if (location === undefined || location === '') throw new RedirectError('the redirect has no Location')
  let url: URL
  try {
    url = new URL(location)
  } catch {
    throw new RedirectError('the redirect has a Location that is no absolute URL')
  }
  const port = url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port
  const isAllowed = allowed.some(
    (origin) =>
      origin.protocol === url.protocol && origin.port === port && matchesHost(url.hostname, origin.host),
  )
  if (url.username !== '' || url.password !== '' || !isAllowed)
    throw new RedirectError(
      `the redirect leads to ${`${url.protocol}//${url.hostname}`.slice(0, MAX_PLACE_CHARACTERS)}, which MEDIA_ORIGINS does not allow`,
    )
  return url
}

function matchesHost(hostname: string, pattern: string): boolean {
  if (!pattern.startsWith('*.')) return hostname === pattern
  return hostname.endsWith(pattern.slice(1)) && hostname.length > pattern.length - 1
}
