import { describe, expect, it } from 'vitest'
import { compareDurations, isCutShort } from '../../lib/archive/duration.ts'
import { findQuality, readSidecar, SIDECAR_SCHEMA, writeSidecar } from '../../lib/archive/sidecar.ts'
import {
  AUDIO,
  EXAMPLE_ID,
  MEDIA,
  MP3,
  POLICY,
  PROVENANCE,
  recordingOf,
  REQUEST,
  type Tree,
  writeExample,
} from '../helpers/sidecars.ts'

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
      JSON.stringify({ ...writeExample(), schema: `${SIDECAR_SCHEMA}0` }),
      'the sidecar has an unknown form at schema',
    ],
    [
      JSON.stringify({ ...writeExample(), bird: { status: 'available' } }),
      'the sidecar has an unknown form at bird',
    ],
    [
      JSON.stringify({ ...writeExample(), provenance: { archivedAt: 'x' } }),
      'the sidecar has an unknown form at provenance.archivedAt',
    ],
  ])('that is none says why', (text, reason) => {
    expect(readSidecar(text)).toEqual({ ok: false, reason })
  })

  it.each([
    ['audio.key', `recordings/ours/$(touch x)/${EXAMPLE_ID}.mp3`],
    ['audio.key', `recordings/ours/\u001b[2J/${EXAMPLE_ID}.mp3`],
    ['audio.key', `recordings/ours/${EXAMPLE_ID}.mp3\n`],
    ['audio.sha256', '$(touch x)'],
    ['audio.sha256', 'AB'.repeat(32)],
    ['audio.sha256', `${'ab'.repeat(32)}\n`],
    ['provenance.archivedAt', '2026-03-01 (\u001b[2J)'],
    ['retention.lock.until', 'tomorrow'],
    ['retention.lock.until', '2026-13-01T00:00:00.000Z'],
    ['retention.lock.mode', '\u001b[2J'],
  ])('is none with %s: %j', (path, value) => {
    const sidecar = writeExample()
    const names = path.split('.')
    const holder = names.slice(0, -1).reduce((inner, name) => inner[name] as Tree, sidecar)
    holder[names.at(-1) ?? ''] = value
    const reason = `the sidecar has an unknown form at ${path}`
    expect(readSidecar(JSON.stringify(sidecar))).toEqual({ ok: false, reason })
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
    [5_001, 3, false],
    [1_000, 3, false],
    [999, 3, true],
    [7_055_999, 7_200, true],
    [7_344_001, 7_200, false],
  ])('%i ms against %s s are cut short: %s', (measuredMs, declaredSeconds, answer) => {
    expect(isCutShort(measuredMs, declaredSeconds)).toBe(answer)
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
