import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Json,
  type JsonObject,
  parseExactly,
  readRecording,
  withoutLinks,
} from '../../lib/archive/recording.ts'
import { exampleMetadata } from '../helpers/recordings.ts'

const ID = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const example = (more: Record<string, unknown> = {}) => ({ ...exampleMetadata(ID), ...more })

const NOW = new Date()

function read(json: unknown) {
  const answer = readRecording(json, ID, NOW)
  if (!answer.ok) throw new Error(answer.reason)
  return answer.recording
}

describe("Bird's metadata", () => {
  it('is read', () => {
    const metadata = example({
      duration: 29,
      stereo: true,
      createdAt: '2023-10-23T15:55:08.234Z',
      endedAt: '2023-10-23T15:55:38.101Z',
    })
    expect(read(metadata)).toEqual({
      id: ID,
      status: 'available',
      createdAt: new Date('2023-10-23T15:55:08.234Z'),
      endedAt: new Date('2023-10-23T15:55:38.101Z'),
      durationSeconds: 29,
      stereo: true,
      format: 'mp3',
      verbatim: metadata,
    })
  })

  it.each([
    '29',
    '1.5',
    '9007199254740993',
    '-9223372036854775808',
    '0.1234567890123456789',
    '1.0000000000000000001',
    '90071992547409.93',
    '1e400',
    '1e-400',
    '-0',
    '29.0',
    '1e3',
    '1E+3',
  ])('keeps a number as it came, whether a double holds it or not: %s', (number) => {
    const text = JSON.stringify(example({ later: { serials: ['#'] } })).replace('"#"', number)
    const { verbatim } = read(parseExactly(text))
    expect(JSON.stringify(verbatim)).toContain(`"serials":[${number}]`)
  })

  it('keeps each number of any JSON as it came', () => {
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.stringMatching(/^(?:0|[1-9]\d{0,30})$/),
        fc.stringMatching(/^(?:\.\d{1,30})?$/),
        fc.stringMatching(/^(?:[eE][+-]?\d{1,3})?$/),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(number, (text) => {
        expect(JSON.stringify(parseExactly(`{"a":[${text}]}`))).toBe(`{"a":[${text}]}`)
      }),
    )
  })

  it.each(['29.0', '2.9e1', '29'])('has the duration that it says, however it spells it: %s', (number) => {
    const text = JSON.stringify(example({ duration: '#' })).replace('"#"', number)
    expect(read(parseExactly(text)).durationSeconds).toBe(29)
  })

  it('keeps a field of any name, and takes none of them for its own', () => {
    const { verbatim, durationSeconds } = read(
      parseExactly(`{"__proto__":{"duration":5},${JSON.stringify(example({ duration: 0 })).slice(1)}`),
    )
    expect(JSON.stringify(verbatim)).toContain('"__proto__":{"duration":5}')
    expect(durationSeconds).toBeUndefined()
  })

  it('needs no more than id, status and createdAt', () => {
    const bare = { id: ID.toUpperCase(), status: 'a status of tomorrow', createdAt: '2023-10-23T15:55:08Z' }
    expect(read(bare)).toEqual({
      id: ID,
      status: 'a status of tomorrow',
      createdAt: new Date('2023-10-23T15:55:08Z'),
      endedAt: undefined,
      durationSeconds: undefined,
      stereo: undefined,
      format: undefined,
      verbatim: bare,
    })
  })

  it.each([
    ['duration 0', { duration: 0 }, 'durationSeconds'],
    ['a negative duration', { duration: -1 }, 'durationSeconds'],
    ['a duration in words', { duration: '29' }, 'durationSeconds'],
    [
      'a duration without end',
      parseExactly('{"duration":1e400}') as Record<string, unknown>,
      'durationSeconds',
    ],
    ["Go's zero time", { endedAt: '0001-01-01T00:00:00Z' }, 'endedAt'],
    ['no time', { endedAt: 'never' }, 'endedAt'],
    ['what only looks like a time', { endedAt: 'call 7' }, 'endedAt'],
    ['a time to come', { endedAt: '2926-03-09T10:00:00Z' }, 'endedAt'],
    ['a time as number', { endedAt: 7 }, 'endedAt'],
    ['stereo in words', { stereo: 'yes' }, 'stereo'],
    ['a format without name', { format: null }, 'format'],
  ] as const)('says nothing by %s', (_, more, field) => {
    expect(read(example(more))[field]).toBeUndefined()
  })

  it.each([
    [null, "Bird's metadata lacks a usable the answer"],
    [[], "Bird's metadata lacks a usable id, status, createdAt"],
    [{}, "Bird's metadata lacks a usable id, status, createdAt"],
    [example({ createdAt: 1_759_305_600_000 }), "Bird's metadata lacks a usable createdAt"],
    [
      example({ createdAt: 'call 7' }),
      "Bird's metadata lacks a usable createdAt: it is no date-time with its zone (RFC 3339)",
    ],
    [
      example({ createdAt: '0001-01-01T00:00:00Z' }),
      "Bird's metadata lacks a usable createdAt: 0001-01-01T00:00:00.000Z is before the year 2000",
    ],
    [
      example({ createdAt: '2926-03-09T10:00:00Z' }),
      "Bird's metadata lacks a usable createdAt: 2926-03-09T10:00:00.000Z lies in the future",
    ],
    [example({ status: 7 }), "Bird's metadata lacks a usable status"],
    [example({ id: ID.replace('5', '6') }), 'Bird answered with another recording than was asked for'],
  ])('is refused without what is needed', (json, reason) => {
    expect(readRecording(json, ID, NOW)).toEqual({ ok: false, reason })
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (json) => {
        expect(readRecording(json, ID, NOW).ok).toBe(false)
      }),
    )
  })
})

describe('metadata without links', () => {
  it.each([
    [{ url: 'https://x.example/a.mp3' }, {}],
    [{ url: null, id: 'i' }, { id: 'i' }],
    [{ roomInfoUrl: 'https://x.example/room?a=1#b' }, { roomInfoUrl: 'https://x.example/room' }],
    [{ roomInfoUrl: 'https://x.example/room#b?a=1' }, { roomInfoUrl: 'https://x.example/room' }],
    [{ roomInfoUrl: null }, { roomInfoUrl: null }],
    [{ roomInfoUrl: { href: 'https://x.example/?sig=1' } }, { roomInfoUrl: { href: 'https://x.example/' } }],
    [{ other: 'https://x.example/a?page=1#top' }, { other: 'https://x.example/a?page=1#top' }],
    [{ other: 'https://x.example/a?x=1&X-Amz-Signature=ab' }, { other: 'https://x.example/a' }],
    [{ other: 'https://x.example/a#access_token=ab' }, { other: 'https://x.example/a' }],
    [{ other: ' HTTPS://x.example/a?Signature=ab' }, { other: ' HTTPS://x.example/a' }],
    [{ other: 'see http://x.example/a?sig=1 and b?' }, { other: 'see http://x.example/a and b?' }],
    [{ deep: { url: 'https://x.example/a' } }, { deep: { url: 'https://x.example/a' } }],
    [
      { deep: [{ url: 'https://x.example/a?X-Amz-Credential=1' }] },
      { deep: [{ url: 'https://x.example/a' }] },
    ],
    [
      { token: 'token=1', why: 'what? sig=1' },
      { token: 'token=1', why: 'what? sig=1' },
    ],
  ] as [JsonObject, JsonObject][])('%j is %j', (json, kept) => {
    expect(withoutLinks(json)).toEqual(kept)
  })

  it('keeps everything else as it was, at any depth', () => {
    const plain = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        fc.string({ unit: 'binary' }).filter((text) => !/https?:/i.test(text)),
        fc.double({ noNaN: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 }),
      ),
    })).value
    const names = fc.string().filter((name) => name !== 'url' && name !== 'roomInfoUrl')
    fc.assert(
      fc.property(fc.dictionary(names, plain), (json) => {
        expect(withoutLinks(json)).toEqual(json)
      }),
    )
  })

  it('holds no signed query at any depth', () => {
    const field = fc.constantFrom(
      'X-Amz-Signature',
      'x-amz-credential',
      'X-Amz-Security-Token',
      'sig',
      'Signature',
      'access_token',
    )
    const link = fc
      .tuple(
        fc.constantFrom('', ' ', 'see ', '"'),
        fc.webUrl({ validSchemes: ['http', 'https'] }),
        fc.constantFrom('?', '#', '?a=b&', '#a&'),
        field,
      )
      .map(([before, url, sign, name]) => `${before}${url}${sign}${name}=SECRET`)
    const tree = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        link,
        fc.array(tie('value'), { minLength: 1, maxLength: 3 }),
        fc.dictionary(fc.constantFrom('url', 'roomInfoUrl', 'a', '__proto__'), tie('value'), { minKeys: 1 }),
      ),
    })).value
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('url', 'roomInfoUrl', 'a', 'b'), tree), (json) => {
        expect(JSON.stringify(withoutLinks(json))).not.toContain('SECRET')
      }),
    )
  })
})
