import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MediaFacts } from '../../lib/archive/media.ts'
import { MP3_FINDINGS } from '../../lib/archive/mp3-report.ts'
import { readRecording } from '../../lib/archive/recording.ts'
import { readSidecar, SIDECAR_SCHEMA } from '../../lib/archive/sidecar.ts'
import { exampleMetadata } from '../helpers/recordings.ts'
import {
  AUDIO,
  EXAMPLE_ID,
  MEDIA,
  MP3,
  PROVENANCE,
  recordingOf,
  type Tree,
  writeExample,
} from '../helpers/sidecars.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../docs/sidecar-1.schema.json', import.meta.url), 'utf8'),
) as Tree
const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true })
addFormats.default(ajv)
const validate = ajv.compile(schema)
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
  const sidecar = writeExample()
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

  it('holds for the example in its explanation, which names every field', () => {
    const page = readFileSync(new URL('../../docs/sidecar.md', import.meta.url), 'utf8')
    const example = JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? '') as Tree
    expectValid(example)
    const [table = ''] = page.split('## What is left out')
    const leaves = pathsIn(example).filter(([group, , ...deeper]) => group !== 'bird' && deeper.length === 0)
    for (const path of leaves)
      expect(table, path.join('.')).toMatch(new RegExp(`[\`.]${path.at(-1) ?? ''}\\b`))
    for (const finding of MP3_FINDINGS) expect(page).toContain(`\`${finding}\``)
  })

  it('knows every finding', () => {
    const quality = (schema['properties'] as Tree)['quality']
    const known = [
      ...MP3_FINDINGS,
      'duration-differs',
      'channels-differ',
      'format-differs',
      'content-type-differs',
    ]
    expect(quality).toHaveProperty('properties.findings.items.enum', known)
  })

  it('holds for a sidecar with everything in it', () => {
    expectValid(writeExample())
  })

  it('holds for a sidecar with nothing in it that may be missing', () => {
    const { id, status, createdAt } = exampleMetadata(EXAMPLE_ID)
    const bare = readRecording({ id, status, createdAt }, EXAMPLE_ID, new Date())
    if (!bare.ok) throw new Error(bare.reason)
    const sidecar = writeExample({
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
        .map((more) => recordingOf({ ...more, ...exampleMetadata(EXAMPLE_ID) })),
      media: fc.record({
        bytes: fc.integer({ min: 1 }),
        sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
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
        expectValid(writeExample(given))
      }),
    )
  })

  it.each(pathsIn(writeExample()).map((path) => [path.join('.'), path] as const))(
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
    ['recordingId', EXAMPLE_ID.toUpperCase()],
    ['workspaceId', '../other'],
    ['other', 1],
    ['audio.other', 1],
    ['audio.bytes', 0],
    ['audio.bytes', 1.5],
    ['audio.key', `recordings/ours/$(touch x)/${EXAMPLE_ID}.mp3`],
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
    expectValid(
      writeExample({ recording: recordingOf({ mood: { deep: ['a', 1, null] }, roomInfoUrl: null }) }),
    )
  })
})
