import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Problem, PROBLEMS } from '../../lib/retrieve/problem.ts'
import {
  answerProblem,
  type Refusal,
  type ShownState,
  toRefusal,
  writePage,
  writeRecording,
} from '../../lib/retrieve/response.ts'
import { expectSchema } from '../helpers/api-contract.ts'

const ID = '20258473-d581-48eb-9bad-55bba32f2c3a'
const STATE: ShownState = {
  bytes: 54_000,
  versionId: undefined,
  sha256: undefined,
  storageClass: undefined,
  archiveStatus: undefined,
  restore: undefined,
  readable: 'not-needed',
  lock: undefined,
  legalHold: undefined,
}
const write = (text: string, state: Partial<ShownState> = {}): string =>
  writeRecording({
    workspaceId: 'ours',
    recordingId: ID,
    text,
    state: { ...STATE, ...state },
    finding: undefined,
  })

describe('a recording', () => {
  it('has the sidecar letter for letter, whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', '\n', '\r\n', '  '), (text, end) => {
        const written = write(`${text}${end}`)
        expect(written).toContain(text)
        expect(JSON.parse(written)).toMatchObject({ recordingId: ID, sidecar: JSON.parse(text) as unknown })
      }),
    )
  })

  it('has null where nothing is known', () => {
    expect(JSON.parse(write('{}'))).toMatchObject({
      audio: {
        versionId: null,
        sha256: null,
        storageClass: 'STANDARD',
        archiveStatus: null,
        restoredUntil: null,
        lock: null,
        legalHold: null,
      },
      finding: null,
    })
  })

  it('says until when a restored copy stays, and how it is locked and held', () => {
    const until = new Date('2034-03-01T00:00:00Z')
    const state = { readable: { until }, lock: { mode: 'COMPLIANCE', until }, legalHold: false } as const
    expect(JSON.parse(write('{}', state))).toMatchObject({
      audio: {
        restoredUntil: until.toISOString(),
        lock: { mode: 'COMPLIANCE', until: until.toISOString() },
        legalHold: false,
      },
    })
  })
})

describe('a refusal', () => {
  const digest = { bytes: 1, sha256: 'a'.repeat(64) }
  const storage = { storageClass: 'GLACIER', archiveStatus: undefined, restore: undefined }
  const altered: Refusal = { kind: 'altered', archived: digest, found: { bytes: 2, sha256: undefined } }
  const gone: Refusal = { kind: 'no-audio', key: 'recordings/ours/x.mp3', versionId: 'v1' }
  const kind = { kind: 'altered' }
  it.each([
    [{ kind: 'not-archived' }, true, 404, undefined],
    [altered, true, 409, { ...kind, archived: digest, found: { bytes: 2, sha256: null } }],
    // What has no line in the access log tells no digests.
    [altered, false, 409, kind],
    [gone, true, 409, { kind: 'no-audio', versionId: 'v1' }],
    [gone, false, 409, { kind: 'no-audio' }],
    [{ kind: 'unreadable-sidecar', fault: 'f' }, true, 409, { kind: 'unreadable-sidecar' }],
    [
      { kind: 'to-restore', isUnderWay: false, storage },
      false,
      409,
      { kind: 'to-restore', isUnderWay: false },
    ],
    [{ kind: 'to-restore', isUnderWay: true, storage }, false, 409, { kind: 'to-restore', isUnderWay: true }],
  ] satisfies [Refusal, boolean, number, object | undefined][])(
    'of %j, noted: %s, is %i with %j',
    (refusal, isNoted, status, finding) => {
      const { status: given, body } = answerProblem(toRefusal(refusal, ['ours'], isNoted), 'id=')
      const problem = JSON.parse(body) as Record<string, unknown>
      expectSchema('#/components/schemas/Problem', problem)
      expect([given, problem['status'], problem['finding']]).toEqual([status, status, finding])
      expect(problem['workspaceIds']).toEqual(['ours'])
      expect(body).not.toContain('recordings/ours')
    },
  )
})

describe('a problem', () => {
  it.each(Object.keys(PROBLEMS) as Problem['kind'][])('of the kind %s is what RFC 9457 says', (kind) => {
    const { status, headers, body } = answerProblem({ kind, detail: 'd', retryAfterSeconds: 3 }, 'id=')
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'retry-after': '3',
    })
    expect(JSON.parse(body)).toEqual({
      type: `urn:bird-recording-archiver:problem:${kind}`,
      title: PROBLEMS[kind].title,
      status,
      detail: 'd',
      instance: 'id=',
    })
  })
})

it('a page has the names that the rest of the API has', () => {
  const row = { recording_id: ID, audio_sha256: 'a', created_at: 'c', findings: ['x_y'] }
  expect(JSON.parse(writePage({ rows: [row], next: undefined, complete: false, reasons: ['r'] }))).toEqual({
    recordings: [{ recordingId: ID, audioSha256: 'a', createdAt: 'c', findings: ['x_y'] }],
    next: null,
    complete: false,
    reasons: ['r'],
  })
})
