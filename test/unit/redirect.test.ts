import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRedirect, isLoopback, type OriginPattern, parseOrigin } from '../../lib/bird/redirect.ts'
import { RedirectError } from '../../lib/errors.ts'

const AMAZON = allow('https://*.amazonaws.com')

/** Where the redirect leads; undefined where it is refused. */
function follow(location: string, allowed: readonly OriginPattern[]): URL | undefined {
  try {
    return checkRedirect(location, allowed)
  } catch (error) {
    if (error instanceof RedirectError) return undefined
    throw error
  }
}

function allow(...texts: string[]): OriginPattern[] {
  return texts.map((text) => {
    const origin = parseOrigin(text)
    if (typeof origin === 'string') throw new Error(origin)
    return origin
  })
}

describe('an allowed origin', () => {
  it.each([
    ['https://*.amazonaws.com', { protocol: 'https:', host: '*.amazonaws.com', port: '443' }],
    [' HTTPS://Media.Example.COM/ ', { protocol: 'https:', host: 'media.example.com', port: '443' }],
    ['https://media.example.com:8443', { protocol: 'https:', host: 'media.example.com', port: '8443' }],
    ['http://127.0.0.1:9000', { protocol: 'http:', host: '127.0.0.1', port: '9000' }],
    ['http://localhost', { protocol: 'http:', host: 'localhost', port: '80' }],
    ['http://[::1]:9000', { protocol: 'http:', host: '[::1]', port: '9000' }],
  ])('%j is read', (text, origin) => {
    expect(parseOrigin(text)).toEqual(origin)
  })

  it.each([
    '*',
    'https://*',
    'https://*amazonaws.com',
    'https://media.*.com',
    'https://*.*.com',
    'amazonaws.com',
    'ftp://amazonaws.com',
    'https://amazonaws.com/path',
    'https://user@amazonaws.com',
    'https://amazonaws.com:port',
    'https://amazonaws.com:123456',
    'https://[::2]',
    'https://a b.com',
    'https://',
    '',
  ])('%j is explained, not read', (text) => {
    expect(parseOrigin(text)).toMatch(/^is not scheme:\/\/host\[:port\]/)
  })

  it.each([
    [
      'https://voice.s3.eu-west-1.amazonaws.com/a.mp3?X-Amz-Signature=ab',
      'https://voice.s3.eu-west-1.amazonaws.com',
    ],
    ['https://user:pw@media.example:8443/', 'https://media.example:8443'],
    ['https://media.example#token', 'https://media.example'],
  ])('of a link that was pasted is suggested, and nothing else of it repeated: %s', (text, origin) => {
    expect(parseOrigin(text)).toBe(
      `is not scheme://host[:port], with * for leading labels at most: did you mean ${origin}?`,
    )
  })

  it.each([
    'https://+15550100123.example/a',
    'http://media.example/a?X-Amz-Signature=ab',
    'tel:+15550100123',
    'https://media.*.com/secret',
    'secret',
  ])('is not suggested out of %s', (text) => {
    expect(parseOrigin(text)).toBe('is not scheme://host[:port], with * for leading labels at most')
  })

  it.each([
    'http://amazonaws.com',
    'http://*.localhost',
    'http://169.254.169.254',
    'http://10.0.0.1',
    'http://127.0.0.1.evil.com',
  ])('plain http is for this machine only: %s', (text) => {
    expect(parseOrigin(text)).toMatch(/^is plain http/)
  })

  it.each([
    ['localhost', true],
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['[::1]', true],
    ['128.0.0.1', false],
    ['127.0.0.1.evil.com', false],
    ['evil127.0.0.1', false],
    ['localhost.evil.com', false],
    ['[::2]', false],
    ['', false],
  ])('%j never leaves this machine: %s', (hostname, answer) => {
    expect(isLoopback(hostname)).toBe(answer)
  })
})

describe('a redirect', () => {
  it.each([
    'https://bucket.s3.eu-west-1.amazonaws.com/key.mp3?X-Amz-Signature=abc',
    'https://s3.amazonaws.com:443/bucket/key',
    'HTTPS://S3.AMAZONAWS.COM/bucket',
  ])('is followed to %s', (location) => {
    expect(checkRedirect(location, AMAZON).href).toBe(new URL(location).href)
  })

  it.each([
    ['plain http', 'http://s3.amazonaws.com/key'],
    ['another scheme', 'ftp://s3.amazonaws.com/key'],
    ['a script', 'javascript:alert(1)'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/plain,x'],
    ['the bare name', 'https://amazonaws.com/key'],
    ['a look-alike in front', 'https://evilamazonaws.com/key'],
    ['a look-alike behind', 'https://s3.amazonaws.com.evil.com/key'],
    ['an empty label', 'https://.amazonaws.com/key'],
    ['a dot at the end', 'https://s3.amazonaws.com./key'],
    ['another port', 'https://s3.amazonaws.com:8443/key'],
    ['the plain port', 'https://s3.amazonaws.com:80/key'],
    ['a name as user', 'https://s3.amazonaws.com@evil.com/key'],
    ['a user', 'https://user@s3.amazonaws.com/key'],
    ['a password alone', 'https://:secret@s3.amazonaws.com/key'],
    ['a name in the path', 'https://evil.com/s3.amazonaws.com'],
    ['a name in the fragment', 'https://evil.com#.amazonaws.com'],
    ['a name behind a backslash', 'https://evil.com\\.amazonaws.com'],
    ['the metadata service', 'http://169.254.169.254/latest/meta-data'],
    ['the metadata service as a number', 'https://2852039166/'],
    ['the metadata service in IPv6', 'https://[fd00:ec2::254]/'],
    ['this machine', 'https://127.0.0.1/'],
    ['a letter that only looks alike', 'https://s3.аmazonaws.com/'],
  ])('is refused to %s', (_, location) => {
    expect(() => checkRedirect(location, AMAZON)).toThrow(RedirectError)
  })

  it.each([undefined, '', '/key.mp3', '//s3.amazonaws.com/key', 'not a link', 'https://'])(
    'is refused without an absolute Location: %j',
    (location) => {
      expect(() => checkRedirect(location, AMAZON)).toThrow(/Location/)
    },
  )

  it('is allowed nowhere by an empty list', () => {
    expect(() => checkRedirect('https://s3.amazonaws.com/key', [])).toThrow(RedirectError)
  })

  it.each([
    ['http://127.0.0.1:9000/key', true],
    ['http://127.0.0.1:9001/key', false],
    ['https://127.0.0.1:9000/key', false],
    ['http://127.0.0.2:9000/key', false],
    ['http://127.1:9000/key', true],
    ['http://[::1]/key', true],
    ['http://[0:0:0:0:0:0:0:1]/key', true],
    ['http://[::1]:81/key', false],
  ])('on this machine keeps to host and port: %s, %s', (location, isFollowed) => {
    const followed = follow(location, allow('http://127.0.0.1:9000', 'http://[::1]'))
    expect(followed?.href).toBe(isFollowed ? new URL(location).href : undefined)
  })

  it('names the host in its refusal, never path, query or user', () => {
    const refuse = () => checkRedirect('https://bob:pw@evil.com/path?X-Amz-Signature=abc#part', AMAZON)
    expect(refuse).toThrow(
      new RedirectError('the redirect leads to https://evil.com, which MEDIA_ORIGINS does not allow'),
    )
  })

  it.each([
    ['https://call-15550100123.example/a', 'https://call-….example'],
    ['tel+15550100123://host/a', 'tel…://host'],
    [`https://${'a.'.repeat(400)}example/a`, `https://${'a.'.repeat(56)}`],
  ])('shows no number in its refusal, and little of an address without end: %s', (location, place) => {
    expect(() => checkRedirect(location, AMAZON)).toThrow(
      new RedirectError(`the redirect leads to ${place}, which MEDIA_ORIGINS does not allow`),
    )
  })

  it('goes nowhere that the list does not name, whatever the Location looks like', () => {
    const label = fc.stringMatching(/^[a-z0-9-]{1,8}$/)
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
      label.map((name) => `${name}.amazonaws.com`),
      fc
        .tuple(
          label,
          fc.constantFrom(
            'amazonaws.com',
            '.amazonaws.com.evil.com',
            '@evil.com',
            '\\.amazonaws.com',
            '%2eamazonaws.com',
            '.amazonaws.com.',
          ),
        )
        .map((parts) => parts.join('')),
    )
    const location = fc
      .tuple(
        fc.constantFrom('https:', 'http:', 'HTTPS:', 'wss:', 'ftp:', ''),
        fc.constantFrom('//', '/', '\\\\', '///'),
        fc.constantFrom('', '', '', 'user@', ':pw@', 's3.amazonaws.com@', 's3.amazonaws.com:443@'),
        host,
        fc.constantFrom('', '', ':443', ':80', ':8443', ':0443'),
        fc.webPath(),
      )
      .map((parts) => parts.join(''))
    let followed = 0
    fc.assert(
      fc.property(
        fc.oneof({ weight: 9, arbitrary: location }, { weight: 1, arbitrary: fc.string() }),
        (text) => {
          const url = follow(text, AMAZON)
          if (url === undefined) return
          followed += 1
          expect(url.origin).toMatch(/^https:\/\/[^/@:?#\\]+\.amazonaws\.com$/)
          expect(url.username + url.password).toBe('')
        },
      ),
      { numRuns: 2_000 },
    )
    expect(followed).toBeGreaterThan(20)
  })
})
