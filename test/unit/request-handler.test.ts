import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeUri, toQuery } from '../../lib/s3/request-handler.ts'

const UNRESERVED = /^[A-Za-z0-9_.~-]$/

/** As the S3 API Reference says it ("Signature Calculations", UriEncode): every byte but the unreserved, in upper case. */
function uriEncode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

describe('a part of a URL, escaped', () => {
  it.each([
    ['recordings', 'recordings'],
    ['Az09-._~', 'Az09-._~'],
    ['a b', 'a%20b'],
    ['a+b', 'a%2Bb'],
    ['a/b', 'a%2Fb'],
    ['100%', '100%25'],
    ['%20', '%2520'],
    ["!'()*", '%21%27%28%29%2A'],
    ['$&,:;=@?#[]', '%24%26%2C%3A%3B%3D%40%3F%23%5B%5D'],
    ['caf\u00e9', 'caf%C3%A9'],
    ['\u{1f4de}', '%F0%9F%93%9E'],
    ['\n\0', '%0A%00'],
    ['', ''],
  ])('%j is %j', (text, escaped) => {
    expect(escapeUri(text)).toBe(escaped)
  })

  it('is what Signature Version 4 wants, and can be read back, for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(escapeUri(text)).toBe(uriEncode(text))
        expect(decodeURIComponent(escapeUri(text))).toBe(text)
      }),
    )
  })

  it('is what Signature Version 4 wants for each byte of ASCII', () => {
    for (let code = 0; code < 128; code++) {
      const character = String.fromCharCode(code)
      expect(escapeUri(character)).toBe(uriEncode(character))
    }
  })
})

describe('a query', () => {
  it.each([
    [{}, ''],
    [{ uploads: '' }, 'uploads='],
    [{ uploads: null }, 'uploads'],
    [{ uploadId: 'a+b/c=', partNumber: '10' }, 'partNumber=10&uploadId=a%2Bb%2Fc%3D'],
    [{ b: '2', a: '1', B: '3' }, 'B=3&a=1&b=2'],
    [{ 'a b': 'c d' }, 'a%20b=c%20d'],
    [{ key: ['2', '1'] }, 'key=2&key=1'],
    [{ key: [] }, ''],
    [{ versionId: 'null', 'x-id': 'HeadObject' }, 'versionId=null&x-id=HeadObject'],
  ])('%j is sent as "%s"', (query, sent) => {
    expect(toQuery(query)).toBe(sent)
  })

  it('is read back by a server as it was meant', () => {
    // A name that a plain object would take for its prototype is none that S3 has.
    const name = fc.string({ minLength: 1, maxLength: 10 }).filter((text) => text !== '__proto__')
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'grapheme', maxLength: 20 })), (query) => {
        const read = [...new URLSearchParams(toQuery(query))]
        expect(Object.fromEntries(read)).toEqual({ ...query })
        expect(read).toHaveLength(Object.keys(query).length)
      }),
    )
  })
})
