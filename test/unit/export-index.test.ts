import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeIndex } from '../../lib/retrieve/export-index.ts'
import {
  type ExportedRecording,
  type ExportFacts,
  isComplete,
  writeManifest,
  writeSums,
} from '../../lib/retrieve/manifest.ts'

const FILE = { bytes: 5, sha256: 'ab'.repeat(32) }
const sound: ExportedRecording = {
  recordingId: '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd',
  workspaceId: 'ours',
  call: {
    createdAt: '2026-03-01T09:00:00.000Z',
    durationMs: 3_725_000,
    direction: 'incoming',
    from: '15550100123',
    to: undefined,
  },
  sidecar: { ...FILE, name: 'recordings/a.json' },
  audio: { ...FILE, name: 'recordings/a.mp3', archived: FILE },
  problem: undefined,
}
const facts = (more: Partial<ExportFacts> = {}): ExportFacts => ({
  exportedAt: new Date('2026-11-25T12:00:00Z'),
  version: '0.1.0',
  bucket: 'archive',
  actor: 'anna',
  reason: 'court order',
  caseNumber: '4711',
  criteria: { number: ['+49 30 1'] },
  recordings: [sound],
  problems: [],
  ...more,
})

describe('index.html', () => {
  it('plays each recording from beside it, and fetches and runs nothing', () => {
    const html = writeIndex(facts())
    expect(html).toContain(
      '<audio controls preload="none" aria-label="Call of 2026-03-01 09:00:00 UTC" src="recordings/a.mp3"></audio>',
    )
    expect(html).toContain('1:02:05')
    expect(html).toContain('+15550100123')
    expect(html).toContain('All of them are here')
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? []
    expect(policy).toMatch(
      /^default-src &#39;none&#39;; media-src &#39;self&#39; file:; style-src &#39;sha256-/,
    )
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? []
    expect(policy).toContain(createHash('sha256').update(style).digest('base64'))
    expect(html).not.toMatch(/<script|https?:|style="|\son\w+=|url\(|@import/i)
  })

  it('takes whatever stands in metadata, names and problems for text alone', () => {
    const nasty = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`
    const call = { createdAt: nasty, durationMs: 1, direction: nasty, from: nasty, to: nasty }
    const recording = { ...sound, recordingId: nasty, call, problem: nasty }
    const html = writeIndex(
      facts({
        actor: nasty,
        reason: nasty,
        caseNumber: nasty,
        bucket: nasty,
        criteria: { [nasty]: nasty },
        problems: [nasty],
        recordings: [recording],
      }),
    )
    expect(html).not.toMatch(/<script|<img/)
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(tags(html)).toEqual(
      tags(writeIndex(facts({ problems: ['a'], recordings: [{ ...sound, problem: 'a' }] }))),
    )
  })

  it('has the same tags whatever the texts are', () => {
    const plain = tags(writeIndex(facts({ reason: 'a', caseNumber: 'a' })))
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        expect(tags(writeIndex(facts({ reason: text, caseNumber: text })))).toEqual(plain)
      }),
    )
  })

  it('says what is missing, and why', () => {
    const lost = { ...sound, audio: undefined, problem: 'its audio is not there' }
    const html = writeIndex(facts({ recordings: [sound, lost], problems: ['the search was not complete'] }))
    expect(html).toContain('Not complete: 1 of 2 recordings')
    expect(html).toContain('its audio is not there')
    expect(html).toContain('the search was not complete')
    expect(html.match(/<audio/g)).toHaveLength(1)
  })

  it('does not say that recordings are missing where something else is', () => {
    const html = writeIndex(facts({ problems: ['access log: x cannot be read'] }))
    expect(html).not.toContain('recordings are missing')
    expect(html).not.toContain('All of them are here')
    expect(html).toContain('Each recording in the table is what was archived')
    expect(html).toContain('Not complete: there may be more than is here')
    expect(html).toContain('access log: x cannot be read')
    expect(writeIndex(facts({ recordings: [{ ...sound, problem: 'lost' }] }))).not.toContain(
      'there may be more',
    )
  })
})

describe('the manifest', () => {
  it('is complete only where nothing is missing', () => {
    expect(isComplete(facts())).toBe(true)
    expect(isComplete(facts({ problems: ['a'] }))).toBe(false)
    expect(isComplete(facts({ recordings: [sound, { ...sound, problem: 'a' }] }))).toBe(false)
    const problems = ['a part of the catalog']
    expect(JSON.parse(writeManifest(facts({ problems }), []))).toMatchObject({ complete: false, problems })
  })

  it('goes with sums that fail for what is not what was archived', () => {
    const altered = { ...FILE, name: 'recordings/b.mp3', archived: { bytes: 5, sha256: 'cd'.repeat(32) } }
    const recordings = [sound, { ...sound, audio: altered }]
    const files = [{ ...FILE, name: 'recordings/a.mp3' }, altered, { ...FILE, name: 'access.ndjson' }]
    expect(writeSums(files, recordings)).toBe(
      [
        `${FILE.sha256}  recordings/a.mp3\n`,
        `${'cd'.repeat(32)}  recordings/b.mp3\n`,
        `${FILE.sha256}  access.ndjson\n`,
      ].join(''),
    )
  })
})

/** Everything that a browser would take for markup. */
function tags(html: string): string[] {
  return (html.match(/<[^>]*>/g) ?? []).map((tag) =>
    tag.replace(/(?<=(?:content|src|href|aria-label)=")[^"]*/g, ''),
  )
}
