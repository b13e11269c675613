import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeAttributes } from '../../lib/sqs/queue.ts'

const text = (StringValue: string) => ({ DataType: 'String', StringValue })

describe('attributes of a message that is sent on', () => {
  it("are ours and the sender's, ours first", () => {
    const merged = mergeAttributes({ team: 'a', deferrals: '7', constructor: 'b' }, { deferrals: '1' })
    expect(merged).toEqual({ deferrals: text('1'), team: text('a'), constructor: text('b') })
    expect(Object.keys(merged)[0]).toBe('deferrals')
  })

  it('have no value that SQS refuses', () => {
    const merged = mergeAttributes(
      { none: '', bell: '\u0007', odd: 'a\u0000b\ud800c\uffff' },
      { line: 'a\n\tb\r' },
    )
    expect(merged).toEqual({ line: text('a\n\tb\r'), odd: text('abc') })
  })

  it('are ten at most, and ours are never the ones left out', () => {
    const values = (prefix: string, max: number) =>
      fc.dictionary(
        fc.stringMatching(/^[a-z]{1,6}$/).map((name) => prefix + name),
        fc.stringMatching(/^[a-z]{1,5}$/),
        { maxKeys: max },
      )
    fc.assert(
      fc.property(values('', 15), values('our-', 6), (theirs, ours) => {
        const merged = mergeAttributes(theirs, ours)
        const total = Object.keys(theirs).length + Object.keys(ours).length
        expect(Object.keys(merged)).toHaveLength(Math.min(10, total))
        for (const [name, value] of Object.entries(ours)) expect(merged[name]).toEqual(text(value))
      }),
    )
  })
})
