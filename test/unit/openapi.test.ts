import { describe, expect, it } from 'vitest'
import { MISMATCHES } from '../../lib/verify/judge.ts'
import { ORPHANS } from '../../lib/verify/orphans.ts'
import { COLUMNS } from '../../lib/catalog/sql.ts'
import { readCriteria } from '../../lib/catalog/criteria.ts'
import { LINK_MEMBERS, readLinkBody } from '../../lib/retrieve/body.ts'
import { CRITERIA_PARAMETERS } from '../../lib/retrieve/parameters.ts'
import { PROBLEMS, problemType } from '../../lib/retrieve/problem.ts'
import { readRequest, type WrittenSearch } from '../../lib/retrieve/request.ts'
import { type RouteName, ROUTES } from '../../lib/retrieve/routes.ts'
import { DOCUMENT, expectSchema, isValid, type OpenApiOperation } from '../helpers/api-contract.ts'
import { callOf, ID } from '../helpers/api-calls.ts'

const operationOf = (name: RouteName): OpenApiOperation => {
  const { path, method } = ROUTES[name]
  const operation = DOCUMENT.paths[path]?.[method.toLowerCase()]
  if (operation === undefined) throw new Error(`${method} ${path} is not in the document`)
  return operation
}
const NAMES = Object.keys(ROUTES) as RouteName[]
const policy = {
  reasonRequired: false,
  workspaceIds: ['ours'],
  readSearch: (written: WrittenSearch) => ({ ok: true as const, search: written }),
}

/** A value that each parameter takes. */
const EXAMPLES: Readonly<Record<string, string>> = {
  id: ID,
  sourceId: 'call',
  number: '+4930123456',
  channel: 'channel',
  direction: 'incoming',
  from: '2024-03-01',
  to: '2024-04-01',
  minDuration: '1m30s',
  maxDuration: '2h',
  findings: 'any',
  country: 'DE',
  workspace: 'ours',
  limit: '5',
  cursor: 'abc',
  query: 'abc',
  reason: 'complaint',
  caseNumber: '4711',
}

describe('the OpenAPI document', () => {
  it('has every route, and each reference in it leads to something', () => {
    const routes = NAMES.map((name) => `${ROUTES[name].method.toLowerCase()} ${ROUTES[name].path}`)
    const documented = Object.entries(DOCUMENT.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    )
    expect(documented.toSorted()).toEqual(routes.toSorted())
    const operationIds = NAMES.map((name) => operationOf(name).operationId)
    expect(new Set(operationIds).size).toBe(NAMES.length)
    const referred = [...JSON.stringify(DOCUMENT).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name = '']) => name,
    )
    expect(Object.keys(DOCUMENT.components.schemas).toSorted()).toEqual([...new Set(referred)].toSorted())
  })

  it.each(NAMES)('names the parameters that the program reads, and no others: %s', (name) => {
    const { parameters } = operationOf(name)
    const ofQuery = parameters.filter((parameter) => parameter.in === 'query').map((each) => each.name)
    for (const parameter of Object.keys(EXAMPLES)) {
      const query = new URLSearchParams({ [parameter]: EXAMPLES[parameter] ?? '' }).toString()
      const read = readRequest(callOf(name, { rawQueryString: query }), policy)
      const isTaken =
        read.ok || read.problem.faults?.every((fault) => !fault.includes('is no parameter')) === true
      expect(isTaken, parameter).toBe(ofQuery.includes(parameter))
    }
    expect(Object.keys(EXAMPLES)).toEqual(expect.arrayContaining(ofQuery))
    const ofPath = parameters.filter((parameter) => parameter.in === 'path').map((each) => each.name)
    expect(ofPath).toEqual(ROUTES[name].path.includes('{id}') ? ['id'] : [])
  })

  it('names the criteria that the catalog reads', () => {
    const written = Object.fromEntries(
      Object.keys(CRITERIA_PARAMETERS).map((name) => {
        const value = EXAMPLES[name] ?? ''
        return [name, ['id', 'number'].includes(name) ? [value] : value]
      }),
    )
    const read = readCriteria({ workspace: 'ours', ...written })
    expect(read).toMatchObject({ ok: true })
    if (!read.ok) return
    // A country is part of the numbers, two days are one range.
    expect(Object.keys(read.criteria).toSorted()).toEqual([
      'channelId',
      'direction',
      'findings',
      'maxDurationMs',
      'minDurationMs',
      'numbers',
      'range',
      'recordingIds',
      'sourceId',
      'workspaceId',
    ])
  })

  it.each(Object.entries(EXAMPLES))('takes what the program takes: %s=%s', (name, value) => {
    const parameter = operationOf('search').parameters.find((each) => each.name === name)
    const { schema = {} } = parameter ?? {}
    const given = name === 'limit' ? Number(value) : schema['type'] === 'array' ? [value] : value
    expect(isValid(schema, given)).toBe(true)
  })

  it.each([
    ['limit', 0],
    ['limit', 1001],
    ['direction', 'sideways'],
    ['minDuration', 'soon'],
    ['minDuration', ''],
    ['id', ['no id']],
    ['reason', 'r'.repeat(501)],
    ['workspace', 'a/b'],
  ])('refuses what the program refuses: %s=%j', (name, value) => {
    const parameter = operationOf('search').parameters.find((each) => each.name === name)
    expect(isValid(parameter?.schema ?? {}, value)).toBe(false)
  })

  it('has the members of the body that the program reads, with the same limits', () => {
    const order = DOCUMENT.components.schemas['LinkOrder'] ?? {}
    expect(Object.keys(order['properties'] as object)).toEqual([...LINK_MEMBERS])
    for (const body of [
      {},
      { minutes: 1 },
      { minutes: 60, reason: 'a', caseNumber: 'b' },
      { minutes: 0 },
      { minutes: 61 },
      { minutes: 1.5 },
      { minutes: '5' },
      { reason: 1 },
      { other: 1 },
    ]) {
      const read = readLinkBody({
        body: JSON.stringify(body),
        contentType: 'application/json',
        isBase64Encoded: false,
      })
      expect(isValid(order, body), JSON.stringify(body)).toBe(read.ok)
    }
  })

  it('has every kind of problem, and each of them where its status is', () => {
    const described = JSON.stringify(DOCUMENT.paths)
    for (const [kind, { status }] of Object.entries(PROBLEMS)) {
      const type = problemType(kind as keyof typeof PROBLEMS)
      expectSchema('#/components/schemas/Problem', { type, title: 't', status, detail: 'd', instance: '' })
      // These two have no path and no method to be described at.
      if (kind === 'no-such-address' || kind === 'method-not-allowed') continue
      expect(described, kind).toContain(`\`${type}\``)
    }
  })

  it('has each column of the catalog', () => {
    const found = DOCUMENT.components.schemas['FoundRecording']?.['properties'] as object
    expect(
      Object.keys(found).map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
    ).toEqual([...COLUMNS])
  })

  it('says nothing of a closed list of findings that may grow', () => {
    const finding = { object: 'audio', expected: null, found: null, advice: 'a' }
    for (const kind of [...MISMATCHES, 'a new one'])
      expectSchema('#/components/schemas/Verification', {
        recordingId: ID,
        workspaceId: 'ours',
        verifiedAt: '2024-03-01T00:00:00.000Z',
        outcome: 'mismatch',
        audio: { bytes: 1, sha256: null, lock: null, legalHold: false },
        findings: [{ ...finding, kind }],
        orphans: ORPHANS.map((orphan) => ({
          kind: orphan,
          key: 'k',
          versionId: null,
          since: null,
          advice: 'a',
        })),
      })
  })
})
