import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findHeadEnd, parseHead, type ResponseHead } from '../../lib/bird/http-head.ts'

const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`
/** The head that these lines make, which must be one. */
function read(...lines: readonly string[]): ResponseHead {
  const parsed = parseHead(head(...lines))
  if (typeof parsed === 'string') throw new Error(parsed)
  return parsed
}
const UNCLEAR = 'the length of its body is not clear'
const MALFORMED = 'it has a malformed header'
const FOREIGN = 'it does not begin like HTTP/1.1'

describe('the end of a head', () => {
  it('is behind the first empty line, wherever bytes happen to be cut', () => {
    const bytes = Buffer.from(`${head('HTTP/1.1 200 OK', 'etag: "1"')}body\r\n\r\n`)
    const end = bytes.indexOf('body')
    for (let length = 0; length <= bytes.length; length++)
      expect(findHeadEnd(bytes.subarray(0, length))).toBe(length < end ? -1 : end)
  })
})

describe('the status line', () => {
  it.each([
    ['HTTP/1.1 200 OK', 200],
    ['HTTP/1.1 206 Partial Content', 206],
    ['HTTP/1.1 307 ', 307],
    ['HTTP/1.0 503', 503],
    ['HTTP/1.1 100 Continue', 100],
    ['HTTP/1.1 404 Not \u00e9 found\t:', 404],
  ])('"%s" says %i', (line, status) => {
    expect(read(line, 'content-length: 0').status).toBe(status)
  })

  it.each([
    '',
    'HTTP/2 200 OK',
    'HTTP/1.2 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 200OK',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 O\nK',
    ' HTTP/1.1 200 OK',
    'ICY 200 OK',
    '\r\nHTTP/1.1 200 OK',
    '220 mail.example ESMTP',
  ])('%j is no status line', (line) => {
    expect(parseHead(head(line, 'content-length: 0'))).toBe(FOREIGN)
  })
})

describe('a header', () => {
  it('has a name in any case, and a value without the blanks around it', () => {
    const { headers } = read(
      'HTTP/1.1 200 OK',
      'Content-Length:5',
      'ETag: \t "a b"  ',
      'X-Empty:',
      'x-blank:  \t ',
      'x-colon: a:b: c',
      'x-latin: caf\u00e9\u00a0',
    )
    expect({ ...headers }).toEqual({
      'content-length': '5',
      etag: '"a b"',
      'x-empty': '',
      'x-blank': '',
      'x-colon': 'a:b: c',
      'x-latin': 'caf\u00e9\u00a0',
    })
  })

  it('that comes twice has both values', () => {
    const { headers } = read('HTTP/1.1 200 OK', 'content-length: 0', 'Via: one', 'etag: "x"', 'VIA: two')
    expect(headers['via']).toBe('one, two')
  })

  it('may be called like what every object has', () => {
    const { headers } = read('HTTP/1.1 200 OK', '__proto__: evil', 'constructor: odd', 'content-length: 1')
    expect(new Map(Object.entries(headers)).get('__proto__')).toBe('evil')
    expect(headers['constructor']).toBe('odd')
    expect(headers['tostring']).toBeUndefined()
  })

  it.each([
    ['no colon', 'content-length'],
    ['no name', ': 5'],
    ['a blank in front of its colon', 'content-length : 5'],
    ['a blank in its name', 'content length: 5'],
    ['a line that goes on (obsolete folding)', ' folded'],
    ['a tab in front', '\tcontent-length: 5'],
    ['a bare line feed', 'a: b\ncontent-length: 5'],
    ['a bare carriage return', 'a: b\rcontent-length: 5'],
    ['a zero byte', 'a: b\0c'],
    ['a letter beyond ASCII in its name', 'caf\u00e9: 1'],
    ['nothing at all', ''],
  ])('with %s is refused, and the answer with it', (_, line) => {
    expect(parseHead(head('HTTP/1.1 200 OK', line, 'content-length: 5'))).toBe(MALFORMED)
  })

  it('made of blanks alone costs no more than another', () => {
    const blanks = ' \t'.repeat(16_000)
    // Read by a pattern that tries again from each blank, one of these takes hours.
    expect(parseHead(head('HTTP/1.1 200 OK', `a:${blanks}x\0`))).toBe(MALFORMED)
    expect(parseHead(head('HTTP/1.1 200 OK', `content-length: 1${blanks}1`))).toBe(UNCLEAR)
    expect(read('HTTP/1.1 200 OK', `a: x${blanks}y`).headers['a']).toBe(`x${blanks}y`)
  })
})

describe('the length of a body', () => {
  it.each<[string, readonly string[], ResponseHead['framing'] | 'refused']>([
    ['is what content-length says', ['content-length: 8388608'], 8_388_608],
    ['may be nothing', ['content-length: 0'], 0],
    ['may be said with zeros in front', ['content-length: 0005'], 5],
    ['may be said twice, if both are the same', ['content-length: 5', 'content-length: 5'], 5],
    ['may be said twice in one line', ['content-length: 5 ,5'], 5],
    ['is told by the chunks', ['transfer-encoding: chunked'], 'chunked'],
    ['is told by the chunks in any case', ['Transfer-Encoding: Chunked'], 'chunked'],
    ["is told by the connection's end where nothing else does", [], 'until-close'],
    ['is refused where two lengths differ', ['content-length: 5', 'content-length: 6'], 'refused'],
    ['is refused where two lengths are written unlike', ['content-length: 5, 05'], 'refused'],
    ['is refused with a sign', ['content-length: +5'], 'refused'],
    ['is refused below nothing', ['content-length: -1'], 'refused'],
    ['is refused in hex', ['content-length: 0x10'], 'refused'],
    ['is refused with a fraction', ['content-length: 5.0'], 'refused'],
    ['is refused when empty', ['content-length:'], 'refused'],
    ['is refused with a list that ends in nothing', ['content-length: 5,'], 'refused'],
    ['is refused beyond what a number can hold', ['content-length: 1000000000000000'], 'refused'],
    ['is refused with both', ['content-length: 5', 'transfer-encoding: chunked'], 'refused'],
    ['is refused with both, whatever else', ['transfer-encoding: identity', 'content-length: 5'], 'refused'],
    ['is refused in an encoding nobody asked for', ['transfer-encoding: gzip, chunked'], 'refused'],
    ['is refused chunked twice', ['transfer-encoding: chunked', 'transfer-encoding: chunked'], 'refused'],
    ['is refused in an encoding like chunked', ['transfer-encoding: xchunked'], 'refused'],
  ])('%s', (_, lines, framing) => {
    const parsed = parseHead(head('HTTP/1.1 200 OK', ...lines))
    expect(typeof parsed === 'string' ? parsed : parsed.framing).toBe(
      framing === 'refused' ? UNCLEAR : framing,
    )
  })

  it.each([100, 102, 103, 204, 304])('of a %i is nothing, whatever its head says', (status) => {
    const lines = ['content-length: 5', 'transfer-encoding: chunked', 'content-length: 6']
    for (const line of lines) expect(read(`HTTP/1.1 ${status} x`, line).framing).toBe(0)
  })

  it('is refused in chunks from HTTP/1.0, which knows none', () => {
    expect(parseHead(head('HTTP/1.0 200 OK', 'transfer-encoding: chunked'))).toBe(UNCLEAR)
  })
})

describe('the connection', () => {
  it.each([
    ['HTTP/1.1', ['content-length: 5'], true],
    ['HTTP/1.1', ['content-length: 5', 'connection: close'], false],
    ['HTTP/1.1', ['content-length: 5', 'Connection: Keep-Alive, CLOSE'], false],
    ['HTTP/1.1', ['content-length: 5', 'connection: keep-alive', 'connection: close'], false],
    ['HTTP/1.1', ['transfer-encoding: chunked'], true],
    ['HTTP/1.1', [], false],
    ['HTTP/1.1', ['connection: keep-alive'], false],
    ['HTTP/1.0', ['content-length: 5'], false],
    ['HTTP/1.0', ['content-length: 5', 'connection: keep-alive'], true],
  ])('after %s %j may carry another request: %s', (version, lines, keepAlive) => {
    expect(read(`${version} 200 OK`, ...lines).keepAlive).toBe(keepAlive)
  })
})

describe('any head at all', () => {
  it('is read, or refused for a reason; and never holds a line break in a value', () => {
    const line = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom('content-length: 1', 'transfer-encoding: chunked', 'connection: close', 'a: b\nc: d'),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const parsed = parseHead(head('HTTP/1.1 200 OK', ...lines))
        const values = typeof parsed === 'string' ? '' : Object.values(parsed.headers).join('')
        expect(values).not.toMatch(/[\r\n\0]/)
        expect([UNCLEAR, MALFORMED, 'read']).toContain(typeof parsed === 'string' ? parsed : 'read')
      }),
    )
  })
})
