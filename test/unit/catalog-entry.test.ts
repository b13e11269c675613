import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SIDECAR_SCHEMA, type Sidecar } from '../../lib/archive/sidecar.ts'
import { toEntry, toSegments } from '../../lib/catalog/entry.ts'
import { exampleMetadata } from '../helpers/recordings.ts'

function sidecarOf(id: string, bird: Record<string, unknown> = {}, workspaceId = 'ours'): Sidecar {
  return {
    schema: SIDECAR_SCHEMA,
    recordingId: id,
    workspaceId,
    bird: {
      ...exampleMetadata(id),
      createdAt: '2026-11-23T12:00:00Z',
      startedAt: '2026-11-23T11:59:59.5Z',
      endedAt: '2026-11-23T13:00:00+01:00',
      ...bird,
    },
    audio: { key: `recordings/${workspaceId}/${id}.mp3`, bytes: 9, sha256: 'ab'.repeat(32), versionId: null },
    quality: { measuredDurationMs: 3_024, channels: 1, findings: ['cut-frame'] },
    provenance: { archivedAt: '2026-11-23T14:00:00.000Z' },
    retention: { lock: { mode: 'COMPLIANCE', until: '2031-11-22T12:00:00.000Z' } },
  }
}

describe('the row of a recording', () => {
  it('holds what it is looked for by, and where its evidence lies', () => {
    expect(toEntry(sidecarOf('one'))).toEqual({
      recording_id: 'one',
      workspace_id: 'ours',
      created_at: '2026-11-23T12:00:00.000Z',
      started_at: '2026-11-23T11:59:59.500Z',
      ended_at: '2026-11-23T12:00:00.000Z',
      source: 'call',
      source_id: '50fa2203-66c2-4820-864a-1a8002952f4e',
      conference_id: null,
      channel_id: '880d8171-cbab-47bb-81b6-b1a0902da136',
      direction: 'outgoing',
      from_number: '15550100123',
      to_number: '447700900456',
      duration_ms: 3_024,
      channels: 1,
      findings: ['cut-frame'],
      audio_key: 'recordings/ours/one.mp3',
      audio_bytes: 9,
      audio_sha256: 'ab'.repeat(32),
      audio_version_id: null,
      retain_until: '2031-11-22T12:00:00.000Z',
      archived_at: '2026-11-23T14:00:00.000Z',
    })
  })

  it.each([
    ["Go's zero time", { endedAt: '0001-01-01T00:00:00Z' }, 'ended_at', null],
    ['no time', { startedAt: 'never' }, 'started_at', null],
    ['the end of time', { endedAt: '9999-12-31T23:59:59Z' }, 'ended_at', null],
    ['a year of five digits in UTC', { startedAt: '9999-12-31T23:59:59-05:00' }, 'started_at', null],
    ['a year before all years', { startedAt: '0000-01-01T00:00:00+01:00' }, 'started_at', null],
    [
      'a creation in a year of five digits',
      { createdAt: '+012345-01-01T00:00:00Z' },
      'created_at',
      '2026-11-23T14:00:00.000Z',
    ],
    ['no creation', { createdAt: '0001-01-01T00:00:00Z' }, 'created_at', '2026-11-23T14:00:00.000Z'],
    ['an empty text', { direction: '' }, 'direction', null],
    ['half a surrogate pair', { sourceId: 'x\ud83dy' }, 'source_id', 'x\ufffdy'],
    ['a whole pair', { sourceId: 'x😀y' }, 'source_id', 'x😀y'],
    ['no text', { conferenceId: 7 }, 'conference_id', null],
    [
      'a number with +',
      { originator: { number: { number: '+1 (555) 010-0123' } } },
      'from_number',
      '15550100123',
    ],
    [
      'an identity only',
      { receiver: { number: { identity: '+447700900456' } } },
      'to_number',
      '447700900456',
    ],
    ['a hidden number', { originator: { number: { number: 'anonymous' } } }, 'from_number', null],
    ['no party', { originator: null }, 'from_number', null],
    ['an odd party', { originator: [1] }, 'from_number', null],
  ] as const)('copes with %s', (_, bird, column, value) => {
    expect(toEntry(sidecarOf('one', bird))[column]).toBe(value)
  })

  describe.each(['America/New_York', 'Asia/Kolkata', 'UTC'])('on a machine in %s', (zone) => {
    const before = process.env['TZ']
    beforeEach(() => void (process.env['TZ'] = zone))
    afterEach(() => {
      if (before === undefined) delete process.env['TZ']
      else process.env['TZ'] = before
    })

    it.each([
      ['2026-11-23T23:30:00', '2026-11-23T23:30:00.000Z'],
      ['2026-11-23T00:30', '2026-11-23T00:30:00.000Z'],
      ['2026-11-23 23:30:00.5', '2026-11-23T23:30:00.500Z'],
      ['2026-11-23', '2026-11-23T00:00:00.000Z'],
      ['2026-11-23T23:30:00Z', '2026-11-23T23:30:00.000Z'],
      ['2026-11-23T23:30:00-05:00', '2026-11-24T04:30:00.000Z'],
      ['2026-11-23T23:30:00+0100', '2026-11-23T22:30:00.000Z'],
      ['Mon, 23 Nov 2026 23:30:00 GMT', '2026-11-23T23:30:00.000Z'],
      ['Mon Nov 23 2026 23:30:00 GMT+0100 (CET)', '2026-11-23T22:30:00.000Z'],
    ])('has the same moment and day: %s', (createdAt, moment) => {
      const sidecar = sidecarOf('one', { createdAt })
      expect(toEntry(sidecar).created_at).toBe(moment)
      expect(toSegments([JSON.stringify(sidecar)]).map(({ day }) => day)).toEqual([moment.slice(0, 10)])
    })
  })

  it('has no date to keep it until where there is no lock', () => {
    expect(toEntry({ ...sidecarOf('one'), retention: { lock: null } }).retain_until).toBeNull()
  })
})

describe("a batch's segments", () => {
  it('are one for each workspace and UTC day of the creation', () => {
    const sidecars = [
      sidecarOf('a', { createdAt: '2026-11-23T23:59:59.999Z' }),
      sidecarOf('b', { createdAt: '2026-11-24T01:30:00+02:00' }),
      sidecarOf('c', { createdAt: '2026-11-24T00:00:00Z' }),
      sidecarOf('d', { createdAt: '2026-11-23T00:00:00Z' }, 'theirs'),
    ]
    const segments = toSegments(sidecars.map((sidecar) => JSON.stringify(sidecar)))
    expect(segments.map(({ workspaceId, day, members }) => [workspaceId, day, members])).toEqual([
      ['ours', '2026-11-23', [0, 1]],
      ['ours', '2026-11-24', [2]],
      ['theirs', '2026-11-23', [3]],
    ])
    const [first] = segments
    expect(first?.ndjson).toBe(
      `${JSON.stringify(toEntry(sidecars[0]!))}\n${JSON.stringify(toEntry(sidecars[1]!))}\n`,
    )
    expect(first?.digest).toBe(
      createHash('sha256')
        .update(first?.ndjson ?? '')
        .digest('hex'),
    )
  })

  it('leave out what is no sidecar, and nothing else', () => {
    const good = JSON.stringify(sidecarOf('a'))
    const untimely = JSON.stringify({ ...sidecarOf('b'), provenance: { archivedAt: 'once' } })
    expect(toSegments(['', '{}', good, untimely]).map(({ members }) => members)).toEqual([[2]])
    expect(toSegments([])).toEqual([])
  })
})
