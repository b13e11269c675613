import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MediaFacts } from '../../lib/archive/media.ts'
import { MP3_FINDINGS } from '../../lib/archive/mp3-report.ts'
import { readRecording, type Recording } from '../../lib/archive/recording.ts'
import type { RetentionPolicy } from '../../lib/archive/retention.ts'
import {
  compareDurations,
  findQuality,
  type Provenance,
  readSidecar,
  SIDECAR_SCHEMA,
  type StoredAudio,
  writeSidecar,
} from '../../lib/archive/sidecar.ts'
import { exampleMetadata } from '../helpers/recordings.ts'

type Tree = Record<string, any>

const schema = JSON.parse(
  readFileSync(new URL('../../docs/sidecar-1.schema.json', import.meta.url), 'utf8'),
) as Tree
const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true })
addFormats.default(ajv)
const validate = ajv.compile(schema)

const ID = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const AT = new Date('2026-11-23T12:00:00.000Z')
const REQUEST = { recordingId: ID, workspaceId: 'ours', firstSeenAt: AT, deferrals: 0 }
const MP3: MediaFacts['mp3'] = {
  frames: 84,
  durationMs: 3_024,
  bitRateKbps: 32,
  bitRateMode: 'cbr',
  sampleRateHz: 16_000,
  channels: 1,
  mpegVersion: '2',
  layer: 3,
  vbrHeader: undefined,
  declaredFrames: undefined,
  id3v2Bytes: 0,
  id3v1: false,
  endsOnWholeFrame: true,
  frameBytes: 12_096,
  tagBytes: 0,
  junkBytes: 0,
  findings: [],
}
const MEDIA: MediaFacts = {
  bytes: 12_096,
  sha256: 'ab'.repeat(32),
  crc32: 1,
  mp3: MP3,
  contentType: 'audio/mpeg',
}
const AUDIO: StoredAudio = {
  key: `recordings/ours/${ID}.mp3`,
  bytes: 12_096,
  contentType: 'audio/mpeg',
  versionId: 'v1',
  checksum: { algorithm: 'SHA256', value: 'q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=' },
  verifiedBy: 'checksum',
  adopted: false,
  lock: { mode: 'COMPLIANCE', until: AT },
}
const PROVENANCE: Provenance = {
  archivedAt: AT,
  archiverVersion: '0.1.0',
  messageId: 'm',
  attempt: 1,
  redirectHost: 'bucket.s3.eu-west-1.amazonaws.com',
  birdRequestId: 'req-1',
  resumptions: 0,
}
const POLICY: RetentionPolicy = { mode: 'COMPLIANCE', days: 365 }

function recordingOf(more: Tree = {}): Recording {
  const read = readRecording(
    { ...exampleMetadata(ID), url: 'https://x.example/?X-Amz-Signature=1', ...more },
    ID,
  )
  if (!read.ok) throw new Error(read.reason)
  return read.recording
}

interface Parts {
  recording?: Recording
  media?: MediaFacts
  audio?: StoredAudio
  provenance?: Provenance
  policy?: RetentionPolicy
}

function write(parts: Parts = {}): Tree {
  const { recording = recordingOf(), media = MEDIA, audio = AUDIO, provenance = PROVENANCE } = parts
  return JSON.parse(
    writeSidecar(REQUEST, recording, media, audio, provenance, parts.policy ?? POLICY),
  ) as Tree
}

function expectValid(sidecar: Tree): void {
  expect(validate(sidecar), ajv.errorsText(validate.errors)).toBe(true)
  expect(readSidecar(JSON.stringify(sidecar))).toMatchObject({ ok: true })
}

/** Every path to a value of the document that the schema describes, as the archiver's own. */
function pathsIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = [...path, name]
    return here.length > 1 && path[0] === 'bird' ? [] : [here, ...pathsIn(inner, here)]
  })
}

function changed(path: readonly string[], change: (holder: Tree, name: string) => void): Tree {
  const sidecar = write()
  const holder = path.slice(0, -1).reduce((inner, name) => inner[name] as Tree, sidecar)
  change(holder, path.at(-1) ?? '')
  return sidecar
}

describe('the published schema', () => {
  it('carries the identifier that every sidecar names', () => {
    expect(schema['$id']).toBe(SIDECAR_SCHEMA)
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
  })

  it('describes every field, and closes every object but Bird’s', () => {
    const visit = (node: Tree, path: string): void => {
      expect(node['description'], path).toEqual(expect.any(String))
      if (node['properties'] === undefined) return
      expect(node['additionalProperties'], path).toBe(path === '/bird')
      for (const [name, inner] of Object.entries(node['properties'] as Tree))
        visit(inner as Tree, `${path}/${name}`)
    }
    visit(schema, '')
  })

  it('knows every finding', () => {
    const known = schema['properties'].quality.properties.findings.items.enum as string[]
    expect(known).toEqual([
      ...MP3_FINDINGS,
      'duration-differs',
      'channels-differ',
      'format-differs',
      'content-type-differs',
    ])
  })

  it('holds for a sidecar with everything in it', () => {
    expectValid(write())
  })

  it('holds for a sidecar with nothing in it that may be missing', () => {
    const { id, status, createdAt } = exampleMetadata(ID)
    const bare = readRecording({ id, status, createdAt }, ID)
    if (!bare.ok) throw new Error(bare.reason)
    const sidecar = write({
      recording: bare.recording,
      media: { ...MEDIA, contentType: undefined },
      audio: { ...AUDIO, versionId: undefined, checksum: undefined, lock: undefined },
      provenance: { ...PROVENANCE, birdRequestId: undefined },
      policy: { mode: 'off' },
    })
    expectValid(sidecar)
    expect(sidecar['audio']).toMatchObject({ versionId: null, s3Checksum: null })
    expect(sidecar['retention']).toEqual({ policy: null, lock: null })
    expect(sidecar['quality']).toMatchObject({
      declaredDurationSeconds: null,
      durationAgreement: 'undeclared',
      findings: [],
    })
  })

  it('holds for whatever the archiver may meet', () => {
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
    const date = fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true })
    const mode = fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const)
    const parts = fc.record({
      recording: fc
        .dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<unknown>)
        .map((more) => recordingOf({ ...more, ...exampleMetadata(ID) })),
      media: fc.record({
        bytes: fc.integer({ min: 1 }),
        sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
        crc32: fc.nat(),
        contentType: maybe(fc.string()),
        mp3: fc.record({
          ...Object.fromEntries(Object.entries(MP3).map(([name, value]) => [name, fc.constant(value)])),
          frames: fc.integer({ min: 1 }),
          durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
          channels: fc.constantFrom(1, 2, undefined),
          layer: fc.constantFrom(1, 2, 3, undefined),
          mpegVersion: fc.constantFrom('1', '2', '2.5', undefined),
          bitRateMode: fc.constantFrom('cbr', 'vbr', undefined),
          sampleRateHz: fc.constantFrom(8_000, 44_100, undefined),
          findings: fc.subarray([...MP3_FINDINGS]),
        }) as unknown as fc.Arbitrary<MediaFacts['mp3']>,
      }),
      audio: fc.record({
        key: fc.constant(AUDIO.key),
        bytes: fc.integer({ min: 1 }),
        contentType: fc.constant('audio/mpeg'),
        versionId: maybe(fc.string()),
        checksum: maybe(
          fc.record({
            algorithm: fc.constantFrom('SHA256' as const, 'CRC32' as const),
            value: fc.base64String({ minLength: 4 }),
          }),
        ),
        verifiedBy: fc.constantFrom('checksum' as const, 'reading-again' as const),
        adopted: fc.boolean(),
        lock: maybe(fc.record({ mode, until: date })),
      }),
      provenance: fc.record({
        archivedAt: date,
        archiverVersion: fc.string({ minLength: 1 }),
        messageId: fc.string(),
        attempt: fc.integer({ min: 1 }),
        redirectHost: fc.domain(),
        birdRequestId: maybe(fc.string()),
        resumptions: fc.nat(),
      }),
      policy: fc.oneof(
        fc.constant({ mode: 'off' as const }),
        fc.record({ mode, days: fc.integer({ min: 1, max: 36_500 }) }),
      ),
    })
    fc.assert(
      fc.property(parts, (given) => {
        expectValid(write(given))
      }),
    )
  })

  it.each(pathsIn(write()).map((path) => [path.join('.'), path] as const))(
    'needs %s, of its type',
    (_, path) => {
      const missing = changed(path, (holder, name) => {
        delete holder[name]
      })
      expect(validate(missing)).toBe(false)
      for (const wrong of [[[]], { other: 1 }])
        expect(
          validate(
            changed(path, (holder, name) => {
              holder[name] = wrong
            }),
          ),
        ).toBe(false)
    },
  )

  it.each(['id', 'status', 'createdAt'])('needs bird.%s', (field) => {
    for (const wrong of [undefined, 1, ''])
      expect(
        validate(
          changed(['bird', field], (holder, name) => {
            if (wrong === undefined) delete holder[name]
            else holder[name] = wrong
          }),
        ),
      ).toBe(false)
  })

  it.each([
    ['bird.url', 'https://bucket.s3.amazonaws.com/key'],
    ['bird.url', null],
    ['bird.roomInfoUrl', 'https://x.example/room?token=1'],
    ['bird.status', 'ongoing'],
    ['schema', 'urn:bird-recording-archiver:sidecar:2'],
    ['recordingId', ID.toUpperCase()],
    ['workspaceId', '../other'],
    ['other', 1],
    ['audio.other', 1],
    ['audio.bytes', 0],
    ['audio.bytes', 1.5],
    ['audio.sha256', 'AB'.repeat(32)],
    ['audio.s3Checksum.algorithm', 'MD5'],
    ['quality.frames', 0],
    ['quality.findings', ['unheard-of']],
    ['quality.findings', ['cut-frame', 'cut-frame']],
    ['provenance.archivedAt', 'yesterday'],
    ['provenance.attempt', 0],
    ['provenance.archiver.other', 1],
    ['retention.lock.until', '2026-11-23'],
    ['retention.lock.mode', 'off'],
    ['retention.policy.days', 0],
  ])('refuses %s: %j', (path, value) => {
    const sidecar = changed(path.split('.'), (holder, name) => {
      holder[name] = value
    })
    expect(validate(sidecar)).toBe(false)
  })

  it('lets Bird add what it likes', () => {
    expectValid(write({ recording: recordingOf({ mood: { deep: ['a', 1, null] }, roomInfoUrl: null }) }))
  })
})

describe('a sidecar', () => {
  it('ends in a line break and is read back as it was written', () => {
    const recording = recordingOf()
    const text = writeSidecar(REQUEST, recording, MEDIA, AUDIO, PROVENANCE, POLICY)
    expect(text.endsWith('}\n')).toBe(true)
    const read = readSidecar(text)
    expect(read.ok && read.sidecar.audio).toEqual({
      key: AUDIO.key,
      bytes: AUDIO.bytes,
      sha256: MEDIA.sha256,
      versionId: 'v1',
    })
    expect(read.ok && read.sidecar.bird).toEqual(recording.verbatim)
  })

  it.each([
    ['', 'the sidecar is not JSON'],
    ['{', 'the sidecar is not JSON'],
    ['null', 'the sidecar has an unknown form at its root'],
    ['{}', 'the sidecar has an unknown form at schema'],
    [
      JSON.stringify({ ...write(), schema: `${SIDECAR_SCHEMA}0` }),
      'the sidecar has an unknown form at schema',
    ],
    [
      JSON.stringify({ ...write(), bird: { status: 'available' } }),
      'the sidecar has an unknown form at bird',
    ],
    [
      JSON.stringify({ ...write(), provenance: { archivedAt: 'x' } }),
      'the sidecar has an unknown form at provenance.archivedAt',
    ],
  ])('that is none says why', (text, reason) => {
    expect(readSidecar(text)).toEqual({ ok: false, reason })
  })
})

describe('the quality of a recording', () => {
  it.each([
    [3_024, undefined, 'undeclared'],
    [3_000, 3, 'agrees'],
    [5_000, 3, 'agrees'],
    [5_001, 3, 'differs'],
    [1_000, 3, 'agrees'],
    [999, 3, 'differs'],
    [7_056_000, 7_200, 'agrees'],
    [7_055_999, 7_200, 'differs'],
    [7_344_001, 7_200, 'differs'],
  ] as const)('%i ms against %s s: %s', (measuredMs, declaredSeconds, verdict) => {
    expect(compareDurations(measuredMs, declaredSeconds)).toBe(verdict)
  })

  it.each([
    ['nothing odd', {}, {}, []],
    ['another duration', { duration: 9 }, {}, ['duration-differs']],
    ['no duration', { duration: 0 }, {}, []],
    ['another number of channels', { stereo: true }, {}, ['channels-differ']],
    ['no number of channels', { stereo: undefined }, {}, []],
    ['another format', { format: 'wav' }, {}, ['format-differs']],
    ['the same format', { format: 'MP3' }, {}, []],
    ['another Content-Type', {}, { contentType: 'binary/octet-stream' }, ['content-type-differs']],
    ['the other Content-Type for MP3', {}, { contentType: 'Audio/MP3; x=y' }, []],
    ['no Content-Type', {}, { contentType: undefined }, []],
    [
      'a finding of the walk',
      { format: 'wav' },
      { mp3: { ...MP3, findings: ['cut-frame' as const] } },
      ['cut-frame', 'format-differs'],
    ],
  ])('%s is told', (_, metadata, media, findings) => {
    expect(findQuality({ ...MEDIA, ...media }, recordingOf(metadata))).toEqual(findings)
  })
})
