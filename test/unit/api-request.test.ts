import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCall } from '../../lib/retrieve/call.ts'
import { SEARCH_PARAMETERS } from '../../lib/retrieve/parameters.ts'
import { changeQuery, readQuery } from '../../lib/retrieve/query.ts'
import { type ReadRequest, readRequest, type WrittenSearch } from '../../lib/retrieve/request.ts'
import { findRoute } from '../../lib/retrieve/routes.ts'
import { callOf, ID } from '../helpers/api-calls.ts'
import { eventOf } from '../helpers/api-event.ts'

const policy = {
  reasonRequired: false,
  workspaceIds: ['ours', 'theirs'],
  readSearch: (written: WrittenSearch) => ({ ok: true as const, search: written }),
}
const read = (rawQueryString: string): ReadRequest<WrittenSearch> =>
  readRequest(callOf('search', { rawQueryString: `workspace=ours&${rawQueryString}` }), policy)

it('a search is the same in whatever order a client sorts what it signs', () => {
  const one = read('number=110&number=%2B4930123456&from=2024-03-01')
  const other = read('from=2024-03-01&number=%2B4930123456&number=110')
  if (!one.ok || !other.ok || one.request.name !== 'search' || other.request.name !== 'search')
    throw new Error('both are searches')
  expect(JSON.stringify(one.request.search)).toBe(JSON.stringify(other.request.search))
})

describe('a query', () => {
  it('keeps what is given several times apart, commas and all', () => {
    const { values, faults } = readQuery('id=a,b&id=c&number=+49+30&number=%2B1', SEARCH_PARAMETERS)
    expect(values).toEqual({ id: ['a,b', 'c'], number: ['+49 30', '+1'] })
    expect(faults).toEqual([])
  })

  it('takes a leading + of a number alone for itself', () => {
    const { values } = readQuery('reason=+a&xnumber=1&number=49+30', SEARCH_PARAMETERS)
    expect(values).toEqual({ reason: [' a'], number: ['49 30'] })
  })

  it('never throws, and names what it does not take', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { values, faults } = readQuery(text, SEARCH_PARAMETERS)
        const names = [...new Set(new URLSearchParams(text).keys())]
        expect(Object.keys(values).length + faults.length).toBeGreaterThanOrEqual(Math.min(names.length, 1))
        for (const name of Object.keys(values)) expect(Object.keys(SEARCH_PARAMETERS)).toContain(name)
      }),
    )
  })

  it('is read again as it was when it is written with a change', () => {
    const value = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' })
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), value, value, (numbers, reason, cursor) => {
        const before = {
          ...(numbers.length > 0 && { number: numbers }),
          reason: [reason],
          query: ['old'],
        }
        const { values, faults } = readQuery(
          changeQuery(before, { cursor, query: undefined }),
          SEARCH_PARAMETERS,
        )
        expect(faults).toEqual([])
        const sorted = (all: readonly string[]): string[] => all.map((each) => each.toWellFormed()).toSorted()
        expect(sorted(values['number'] ?? [])).toEqual(sorted(numbers))
        expect([values['reason'], values['cursor'], values['query']]).toEqual([
          sorted([reason]),
          sorted([cursor]),
          undefined,
        ])
      }),
    )
  })
})

it('a query is written in the order in which AWS signs it, and escaped as it is signed', () => {
  const before = { number: ['+49 30', '*12'], from: ['2024-03-01'], limit: ['5'], reason: ["it's (4711)!"] }
  expect(changeQuery(before, { cursor: 'c~', limit: undefined })).toBe(
    'cursor=c~&from=2024-03-01&number=%2A12&number=%2B49%2030&reason=it%27s%20%284711%29%21',
  )
})

describe('a route', () => {
  const at = (rawPath: string, stage = '$default') =>
    findRoute({ routeKey: '$default', rawPath, stage, pathParameters: {} })
  it.each([
    ['/recordings', '$default', { name: 'search', id: '' }],
    ['/recordings/', '$default', { name: 'search', id: '' }],
    ['/recordings/x', '$default', { name: 'recording', id: 'x' }],
    ['/recordings/%78/link', '$default', { name: 'link', id: 'x' }],
    ['/recordings/x/verification/', '$default', { name: 'verification', id: 'x' }],
    ['/openapi.json', '$default', { name: 'openapi', id: '' }],
    ['/live/recordings/x', 'live', { name: 'recording', id: 'x' }],
    ['/recordings/recordings', 'recordings', { name: 'search', id: '' }],
    ['/live/recordings/x', 'test', undefined],
    ['/recordings//link', '$default', { name: 'link', id: '' }],
    ['/recordings/x/y', '$default', undefined],
    ['/recordings//', '$default', { name: 'recording', id: '' }],
    ['/Recordings', '$default', undefined],
    ['', '$default', undefined],
  ])('of %j in stage %s is %j', (rawPath, stage, target) => {
    expect(at(rawPath, stage)).toEqual(target)
  })

  it('that API Gateway has matched is what it says, whatever stands in front', () => {
    const call = callOf('link', { rawPath: '/calls/v1/live/recordings/x/link', stage: 'live' })
    expect(findRoute(call)).toEqual({ name: 'link', id: ID })
  })
})

describe('an event', () => {
  it('is read for what is looked at', () => {
    const event = eventOf({
      path: `/recordings/${ID}/link`,
      method: 'POST',
      headers: { 'Content-Type': 'x' },
    })
    expect(readCall(event)).toMatchObject({
      method: 'POST',
      routeKey: 'POST /recordings/{id}/link',
      pathParameters: { id: ID },
      contentType: 'x',
      body: '',
      isBase64Encoded: false,
    })
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (event) => {
        expect(readCall(event)).toBeUndefined()
      }),
    )
  })
})

describe('a request', () => {
  it('is what it says, with what is usual where it says nothing', () => {
    expect(read('')).toMatchObject({
      ok: true,
      request: { name: 'search', limit: 100, query: undefined, search: { workspace: 'ours' } },
    })
    expect(read('id=a&id=b&limit=7&cursor=c&reason=%20r%20')).toMatchObject({
      request: {
        limit: 7,
        asker: { reason: 'r', caseNumber: undefined, via: 'api' },
        search: { id: ['a', 'b'], cursor: 'c' },
      },
    })
  })

  it('is judged in this order: who, where, how, what', () => {
    const kindOf = (more: Parameters<typeof callOf>[1]): string => {
      const judged = readRequest(callOf('search', { rawQueryString: 'x=1', ...more }), policy)
      return judged.ok ? 'ok' : judged.problem.kind
    }
    const nowhere = { routeKey: '$default', rawPath: '/nowhere' }
    expect(kindOf({ userArn: undefined, method: 'PUT', ...nowhere })).toBe('no-caller')
    expect(kindOf({ method: 'PUT', ...nowhere })).toBe('no-such-address')
    expect(kindOf({ method: 'PUT' })).toBe('method-not-allowed')
    expect(kindOf({})).toBe('invalid-request')
    expect(kindOf({ rawQueryString: 'workspace=ours' })).toBe('ok')
  })

  it('that cannot be answered has a reason, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (rawQueryString, body, contentType) => {
        for (const name of ['search', 'link', 'recording'] as const) {
          const judged = readRequest(callOf(name, { rawQueryString, body, contentType }), policy)
          expect(judged.ok || judged.problem.detail !== '').toBe(true)
        }
      }),
    )
  })
})
