import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable, printableJson } from '../../lib/cli/printable.ts'

const BOLD = '\u001b[1m'
const isBold = (sequence: string): boolean => sequence === BOLD

describe('what is printed for people', () => {
  it.each([
    ['a line break', 'a\r\nb', 'a  b'],
    ['a tab', 'a\tb', 'a b'],
    ['what ends a line or a paragraph', 'a\u2028b\u2029c', 'a b c'],
    ['a title for the window', 'in\u001b]0;pwned\u0007', 'in\ufffd]0;pwned\ufffd'],
    ['the same in one character', '\u009b2J', '\ufffd2J'],
    ['a colour that is not ours', '\u001b[8mhidden', '\ufffd[8mhidden'],
    ['what begins like a colour', '\u001b[1', '\ufffd[1'],
    ['a deletion', '\u007f\b', '\ufffd\ufffd'],
    ['a change of direction', 'abc\u202egnp\u2066\u061c', 'abc\ufffdgnp\ufffd\ufffd'],
    ['what is not seen', 'a\u200bb\u{e0041}', 'a\ufffdb\ufffd'],
    ['half a character', '\ud800x', '\ufffdx'],
  ])('has no power: %s', (_, text, shown) => {
    expect(printable(text, isBold)).toBe(shown)
  })

  it.each(['Zoë 😀 👩‍👩‍👧 東京', 'می‌خواهم', `${BOLD}4711`])('stays what it is: %s', (text) => {
    expect(printable(text, isBold)).toBe(text)
  })

  it('is one line that steers nothing, whatever it was made from', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
      }),
    )
  })
})

describe('what is printed as JSON', () => {
  it('has escapes for what could steer a terminal', () => {
    expect(printableJson('{"a":"\u009b2J\u202e\u{e0041}"}')).toBe(
      String.raw`{"a":"\u009b2J\u202e\udb40\udc41"}`,
    )
  })

  it('says the same, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = printableJson(JSON.stringify({ [text]: text }))
        expect(JSON.parse(json)).toEqual({ [text]: text })
        expect(json).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
      }),
    )
  })
})
