import { describe, expect, it } from 'vitest'
import { fixedAccessKey, keyIn, secretAccessKey } from '../../lib/bird/access-key.ts'
import { ConfigurationError } from '../../lib/errors.ts'

describe('the key in a secret', () => {
  it.each([
    ['the key itself', 'abcDEF-123_=/+'],
    ['the key among blanks', ' \n abcDEF-123_=/+ \n'],
    ['JSON', '{"accessKey":"abcDEF-123_=/+"}'],
    ['JSON with the name of the setting', '{ "other": 1, "BIRD_ACCESS_KEY": "abcDEF-123_=/+" }'],
  ])('is found: %s', (_, secret) => {
    expect(keyIn(secret)).toBe('abcDEF-123_=/+')
  })

  it.each([
    '',
    '  ',
    'hush hush',
    '{"accessKey":""}',
    '{"accessKey":"hush hush"}',
    '{"accessKey":7}',
    '{"hush":"hush"}',
    '{hush',
    'hüsh',
    'hush\r\nX-Other: hush',
  ])('is missed, without a word of the secret: %j', (secret) => {
    expect(() => keyIn(secret)).toThrow(ConfigurationError)
    expect(() => keyIn(secret)).toThrow(/^(?!.*(?:hush|hüsh)).*$/s)
  })
})

describe('a fixed key', () => {
  it('stays what it is', async () => {
    const source = fixedAccessKey('key')
    expect(await source.read()).toBe('key')
    expect(await source.reread('key')).toBe(false)
  })
})

describe('a key that is kept in a secret', () => {
  it('is fetched once, by however many at once', async () => {
    const { source, fetches } = rotating('one')
    expect(await Promise.all([source.read(), source.read()])).toEqual(['one', 'one'])
    expect(await source.read()).toBe('one')
    expect(fetches()).toBe(1)
  })

  it('is fetched again when it was refused, and differs once it was rotated', async () => {
    const { source, rotate } = rotating('one')
    await source.read()
    expect(await source.reread('one')).toBe(false)
    rotate('two')
    expect(await source.read()).toBe('one')
    expect(await source.reread('one')).toBe(true)
    expect(await source.read()).toBe('two')
  })

  it('is new to each of many that were refused with the old one, at once and one after another', async () => {
    const { source, rotate, fetches } = rotating('one')
    await source.read()
    rotate('two')
    expect(await Promise.all([source.reread('one'), source.reread('one')])).toEqual([true, true])
    const before = fetches()
    expect(await source.reread('one')).toBe(true)
    expect(fetches()).toBe(before)
  })

  it('is asked for again after a fetch that failed', async () => {
    let fetched = 0
    const source = secretAccessKey(async () => {
      fetched += 1
      if (fetched === 1) throw new Error('not now')
      return 'one'
    })
    await expect(source.read()).rejects.toThrow('not now')
    expect(await source.read()).toBe('one')
  })
})

function rotating(first: string) {
  let secret = first
  let fetched = 0
  const source = secretAccessKey(async () => {
    fetched += 1
    return secret
  })
  return {
    source,
    fetches: () => fetched,
    rotate: (next: string) => {
      secret = next
    },
  }
}
