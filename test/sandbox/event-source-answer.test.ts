import { describe, expect, it } from 'vitest'
import { readBatchAnswer } from '../../lib/sandbox/partial-batch.ts'

const ids = ['a', 'b', 'c']
const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic

describe('what Lambda makes of a handler’s answer', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['an object about something else', { statusCode: 500 }],
    ['an empty list', { batchItemFailures: [] }],
    ['a null list', { batchItemFailures: null }],
    ['a list that JSON leaves out', { batchItemFailures: undefined }],
  ])('is that all succeeded: %s', (_what, answer) => {
    expect(readBatchAnswer(answer, ids)).toEqual({ failedMessageIds: [] })
  })

  it('is that the listed ones failed', () => {
    const answer = {
      batchItemFailures: [{ itemIdentifier: 'c' }, { itemIdentifier: 'a' }, { itemIdentifier: 'c' }],
    }
    expect(readBatchAnswer(answer, ids)).toEqual({ failedMessageIds: ['c', 'a'] })
  })

  it.each([
    ['a text', 'ok'],
    ['a number', 1],
    ['a list', [{ itemIdentifier: 'a' }]],
    ['failures that are no list', { batchItemFailures: { itemIdentifier: 'a' } }],
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: null }] }],
    ['another name for the identifier', { batchItemFailures: [{ messageId: 'a' }] }],
    ['a bare identifier', { batchItemFailures: ['a'] }],
    [
      'an identifier of another batch',
      { batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'd' }] },
    ],
    ['what JSON cannot say', cyclic],
    ['a big integer', { batchItemFailures: 1n }],
  ])('is that all failed: %s', (_what, answer) => {
    const verdict = readBatchAnswer(answer, ids)
    expect(verdict.failedMessageIds).toEqual(ids)
    expect(verdict.fault).toBeTypeOf('string')
  })
})
