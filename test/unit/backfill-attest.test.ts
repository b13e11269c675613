import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AttestationFacts,
  digestOfWindows,
  elsewhereOf,
  type Evidence,
  evidenceOf,
  lostOf,
  readAttestation,
  writeAttestation,
} from '../../lib/backfill/attest.ts'
import type { Entry } from '../../lib/backfill/ledger.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'

const NOW = new Date('2026-10-03T12:00:00.000Z')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const windowOf = (name: string): Window => windowNamed(name) as Window

const evidence = (recordingId: string, bytes: number): Evidence => ({
  recordingId,
  sha256: sha256(recordingId),
  bytes,
})
const exception = (recordingId: string, line: Entry['line'], reason: string): Entry => ({
  recordingId,
  createdAt: NOW,
  line,
  reason,
  firstSeenAt: NOW,
})
const FACTS: AttestationFacts = {
  workspaceId: 'ws',
  window: windowOf('2026-10-01T05'),
  evidence: [evidence('c', 300), evidence('a', 100)],
  exceptions: [
    exception('d', 'dead-lettered', 'given-up'),
    exception('b', 'nothing-to-archive', 'absent'),
    exception('e', 'nothing-to-archive', 'failed'),
  ],
  listingsAgreed: 2,
  now: NOW,
  version: '1.2.3',
}

const factsOf: fc.Arbitrary<AttestationFacts> = fc
  .record({
    ids: fc.uniqueArray(fc.uuid(), { maxLength: 12 }),
    bytes: fc.nat(1e9),
    window: fc.constantFrom('2026-10-01', '2026-10-01T05', '2026-10-01T0507'),
    listingsAgreed: fc.integer({ min: 2, max: 9 }),
  })
  .map(({ ids, bytes, window, listingsAgreed }) => ({
    ...FACTS,
    window: windowOf(window),
    evidence: ids.filter((_, index) => index % 3 !== 0).map((id) => evidence(id, bytes)),
    exceptions: ids
      .filter((_, index) => index % 3 === 0)
      .map((id) => exception(id, 'nothing-to-archive', 'absent')),
    listingsAgreed,
  }))

describe('an attestation', () => {
  it('names everything that it attests, sorted, and who attested it when', () => {
    const { text, digest } = writeAttestation(FACTS)
    expect(text.endsWith('}\n')).toBe(true)
    expect(JSON.parse(text)).toEqual({
      schema: 'urn:bird-recording-archiver:attestation:1',
      workspaceId: 'ws',
      window: { name: '2026-10-01T05', from: '2026-10-01T05:00:00.000Z', to: '2026-10-01T06:00:00.000Z' },
      counts: { recordings: 5, archived: 2, archivedBytes: 400, nothingToArchive: 2, givenUp: 1 },
      digest: {
        algorithm: 'SHA-256',
        over: 'SHA-256 of the lines of `archived`, each ended by a newline: id, space, SHA-256 of the audio; sorted by id',
        value: digest,
      },
      exceptions: [
        { recordingId: 'b', line: 'nothing-to-archive', reason: 'absent' },
        { recordingId: 'd', line: 'dead-lettered', reason: 'given-up' },
        { recordingId: 'e', line: 'nothing-to-archive', reason: 'failed' },
      ],
      listingsAgreed: 2,
      attestedAt: NOW.toISOString(),
      archiver: { name: 'bird-recording-archiver', version: '1.2.3' },
      archived: [`a ${sha256('a')}`, `c ${sha256('c')}`],
    })
  })

  it('has a digest that plain string work reproduces from the document, as its `over` says', () => {
    fc.assert(
      fc.property(factsOf, (facts) => {
        const { text, digest } = writeAttestation(facts)
        const read = JSON.parse(text) as { archived: string[]; digest: { value: string } }
        let lines = ''
        for (const line of read.archived) lines += `${line}\n`
        expect(sha256(lines)).toBe(read.digest.value)
        expect(digest).toBe(read.digest.value)
        expect(read.archived.map((line) => line.split(' '))).toEqual(
          facts.evidence
            .map((one) => [one.recordingId, one.sha256])
            .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)),
        )
        expect(readAttestation(text)).toMatchObject({ ok: true, attestation: { archived: read.archived } })
      }),
    )
  })

  it('is known again by its facts, whenever, by whom, and in whatever order they are told', () => {
    fc.assert(
      fc.property(factsOf, fc.infiniteStream(fc.nat()), (facts, numbers) => {
        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((value) => ({ value, at: numbers.next().value }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ value }) => value)
        const again: AttestationFacts = {
          ...facts,
          evidence: shuffle(facts.evidence),
          exceptions: shuffle(facts.exceptions).map((entry) => ({ ...entry, firstSeenAt: new Date(0) })),
          listingsAgreed: facts.listingsAgreed + 1,
          now: new Date(NOW.getTime() + 1),
          version: '9.9.9',
        }
        const [one, other] = [writeAttestation(facts), writeAttestation(again)]
        expect([other.factsDigest, other.digest]).toEqual([one.factsDigest, one.digest])
        expect(one.factsDigest).toMatch(/^[0-9a-f]{64}$/)
      }),
    )
  })

  it.each([
    ['the workspace', { workspaceId: 'other' }, true],
    ['the window', { window: windowOf('2026-10-01T06') }, true],
    ['a recording more', { evidence: [...FACTS.evidence, evidence('f', 0)] }, false],
    [
      'other bytes of a recording',
      { evidence: [evidence('a', 100), { ...evidence('c', 300), sha256: 'x' }] },
      false,
    ],
    ['another length', { evidence: [evidence('a', 100), evidence('c', 301)] }, true],
    ['an exception less', { exceptions: FACTS.exceptions.slice(1) }, true],
    [
      'another reason',
      { exceptions: [exception('d', 'dead-lettered', 'x'), ...FACTS.exceptions.slice(1)] },
      true,
    ],
  ])('is another with %s', (_, more, sameDigest) => {
    const [one, other] = [writeAttestation(FACTS), writeAttestation({ ...FACTS, ...more })]
    expect(other.factsDigest).not.toBe(one.factsDigest)
    expect(other.digest === one.digest).toBe(sameDigest)
  })

  it('of an empty window attests just that', () => {
    const { text, digest } = writeAttestation({ ...FACTS, evidence: [], exceptions: [] })
    expect(digest).toBe(sha256(''))
    expect(readAttestation(text)).toMatchObject({
      ok: true,
      attestation: { archived: [], exceptions: [], counts: { recordings: 0, archived: 0, archivedBytes: 0 } },
    })
  })
})

describe('an attestation that is read back', () => {
  const good = JSON.parse(writeAttestation(FACTS).text) as {
    archived: string[]
    counts: object
    digest: object
    exceptions: unknown[]
  }
  const other = 'its digest is not that of its list'
  const counts = 'its counts are not those of its lists'
  it.each([
    [other, { archived: good.archived.slice(1) }],
    [other, { archived: [...good.archived, `f ${sha256('f')}`] }],
    [other, { archived: good.archived.toReversed() }],
    [other, { digest: { ...good.digest, value: sha256('') } }],
    [counts, { counts: { ...good.counts, archived: 3 } }],
    [counts, { counts: { ...good.counts, recordings: 6 } }],
    [counts, { exceptions: good.exceptions.slice(1) }],
    ['it has an unknown form at schema', { schema: 'urn:bird-recording-archiver:attestation:2' }],
    ['it has an unknown form at counts.archivedBytes', { counts: { ...good.counts, archivedBytes: null } }],
    ['it has an unknown form at archived.0', { archived: [{ id: 'a' }] }],
  ])('is refused because %s', (reason, more) => {
    expect(readAttestation(JSON.stringify({ ...good, ...more }))).toEqual({ ok: false, reason })
  })

  it('is refused that is something else', () => {
    expect(readAttestation('{')).toEqual({ ok: false, reason: 'it is not JSON' })
    expect(readAttestation('7')).toEqual({ ok: false, reason: 'it has an unknown form at its root' })
  })
})

describe('what the sidecars of a window say', () => {
  const sidecars = new Map([
    ['a', { kind: 'read', sha256: 'aa', bytes: 1 }],
    ['b', { kind: 'unreadable', fault: 'the sidecar is not JSON' }],
    ['c', { kind: 'listed' }],
    ['d', { kind: 'read', sha256: 'dd' }],
    ['f', { kind: 'read', sha256: 'ff', bytes: 0 }],
  ])
  const gone = 'its sidecar is no longer in the bucket'

  it('is evidence of each, or a reason why it is none', () => {
    const ids = ['f', 'a', 'b', 'e']
    expect(evidenceOf(ids, sidecars)).toEqual([
      { recordingId: 'f', sha256: 'ff', bytes: 0 },
      { recordingId: 'a', sha256: 'aa', bytes: 1 },
    ])
    expect([...lostOf(ids, sidecars)]).toEqual([
      ['b', 'the sidecar is not JSON'],
      ['e', gone],
    ])
  })

  it('puts a recording into another window only if it tells a moment outside of this one', () => {
    const day = windowOf('2026-10-01')
    const told = [day.from, new Date(day.to.getTime() - 1), day.to, undefined].map(
      (createdAt, at) => [String(at), { kind: 'read', sha256: 'aa', bytes: 1, createdAt }] as const,
    )
    expect([...elsewhereOf(['0', '1', '2', '3', '4'], new Map(told), day)]).toEqual([['2', day.to]])
  })

  it('leaves no recording out, whatever a sidecar lacks', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')), (ids) => {
        const told = [
          ...evidenceOf(ids, sidecars).map(({ recordingId }) => recordingId),
          ...lostOf(ids, sidecars).keys(),
        ]
        expect(told.toSorted()).toEqual(ids.toSorted())
      }),
    )
  })
})

describe('one digest for many windows', () => {
  it('is over their names and digests, in order of time, whatever order they came in', () => {
    const windows: [string, string][] = [
      ['2026-10-02', 'two'],
      ['2026-10-01T05', 'one'],
    ]
    const expected = sha256('2026-10-01T05 one\n2026-10-02 two\n')
    expect(digestOfWindows(new Map(windows))).toBe(expected)
    expect(digestOfWindows(new Map(windows.toReversed()))).toBe(expected)
    expect(digestOfWindows(new Map())).toBe(sha256(''))
  })
})
