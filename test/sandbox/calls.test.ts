import { createHash } from 'node:crypto'
import { parseBuffer } from 'music-metadata'
import { describe, expect, it } from 'vitest'
import { FORMATS, makeAudio } from '../../lib/sandbox/audio.ts'
import type { FormatName } from '../../lib/sandbox/audio.ts'
import { audioOf, describeCalls } from '../../lib/sandbox/calls.ts'
import type { Call } from '../../lib/sandbox/calls.ts'

const NOW = new Date('2026-11-23T12:00:00.000Z')

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function callOf(calls: readonly Call[], role: Call['role']): Call {
  return calls.find((call) => call.role === role)!
}

describe('the call center of a seed', () => {
  const calls = describeCalls({ seed: 1, count: 60, now: NOW })

  it('is the same on every machine', () => {
    expect(sha256(JSON.stringify(calls))).toBe(
      'bf4f106ecaa9825867dd0e22b80c3efc61eeb5bca069e46ca9822af5cfb8316d',
    )
  })

  it('sounds the same on every machine', async () => {
    const hash = createHash('sha256')
    for (const call of calls.filter(({ role }) => role !== 'conference'))
      hash.update(await bytesOf(audioOf(call)))
    expect(hash.digest('hex')).toBe('de875631d679339fde3f7175865a4b6802790c867e5c1a03d032f352aa7700e3')
  })

  it('follows the time in its dates alone', () => {
    const later = describeCalls({ seed: 1, count: 60, now: new Date('2027-02-01T00:00:00Z') })
    const timeless = (call: Call) => ({
      ...call,
      metadata: { ...call.metadata, createdAt: 0, startedAt: 0, endedAt: 0 },
    })
    expect(later.map(timeless)).toEqual(calls.map(timeless))
    expect(later[0]?.metadata.createdAt).not.toBe(calls[0]?.metadata.createdAt)
  })

  it('has other ids and other audio with another seed', async () => {
    const other = describeCalls({ seed: 2, count: 60, now: NOW })
    const ids = new Set(calls.map((call) => call.recordingId))
    expect(other.some((call) => ids.has(call.recordingId))).toBe(false)
  })

  it('holds every kind of trouble at least once, and one long conference', () => {
    for (const count of [32, 60, 300]) {
      const roles = describeCalls({ seed: 7, count, now: NOW }).map((call) => call.role)
      expect(new Set(roles).size).toBe(16)
      expect(roles.filter((role) => role === 'conference')).toHaveLength(1)
      expect(roles).toHaveLength(count)
    }
  })

  it('is mostly healthy', () => {
    const many = describeCalls({ seed: 3, count: 300, now: NOW })
    expect(many.filter((call) => call.role === 'plain').length).toBeGreaterThan(200)
    expect(many.filter((call) => call.expected === 'archived').length).toBeGreaterThan(270)
    expect(many.filter((call) => call.role === 'becomes-available')).toHaveLength(18)
    expect(many.filter((call) => call.expected === 'dead-letter')).toHaveLength(2)
  })

  it('ends each call as what is wrong with it demands', () => {
    expect(callOf(calls, 'absent').expected).toBe('nothing-to-archive')
    expect(callOf(calls, 'failed').expected).toBe('nothing-to-archive')
    expect(callOf(calls, 'html-always').expected).toBe('dead-letter')
    expect(callOf(calls, 'unprocessable').expected).toBe('dead-letter')
    expect(callOf(calls, 'html-once').expected).toBe('archived')
    expect(
      calls.every((call) => (call.expected === 'nothing-to-archive') === (call.audio === undefined)),
    ).toBe(true)
  })

  it('knows no number that could be a real person', () => {
    const numbers = JSON.stringify(
      describeCalls({ seed: 5, count: 500, now: NOW }).map(({ metadata }) => [
        metadata.originator,
        metadata.receiver,
      ]),
    )
    const found = numbers.matchAll(/"(?:number|identity|identifierValue)":"\+?(\d+)"/g)
    const all = [...found].map((match) => match[1]!)
    expect(all.length).toBeGreaterThan(1000)
    expect(
      all.filter(
        (number) => !/^(1(202|415)55501\d\d|447700900\d{3}|493023125\d{3}|3363998\d{4})$/.test(number),
      ),
    ).toEqual([])
  })

  it('sometimes sends what Bird sends when it knows neither duration nor end', () => {
    expect(callOf(calls, 'unknown-duration').metadata).toMatchObject({
      duration: 0,
      endedAt: '0001-01-01T00:00:00Z',
    })
  })
})

describe('the audio of a call', () => {
  it.each(Object.keys(FORMATS) as FormatName[])(
    'is an MP3 of the declared form and length: %s',
    async (format) => {
      const plan = { voice: `a ${format}`, format, seconds: 20, id3v2: false, id3v1: false }
      const parsed = await parseBuffer(
        await bytesOf(makeAudio(plan)),
        { mimeType: 'audio/mpeg' },
        { duration: true },
      )
      expect(parsed.format).toMatchObject({
        container: 'MPEG',
        sampleRate: FORMATS[format].sampleRate,
        numberOfChannels: FORMATS[format].channels,
      })
      expect(parsed.format.duration).toBeCloseTo(20, 1)
      expect(parsed.quality.warnings).toEqual([])
    },
  )

  it('may carry ID3v2 at the start and ID3v1 at the end', async () => {
    const plan = { voice: 'tagged', format: 'wideband', seconds: 3, id3v2: true, id3v1: true } as const
    const bytes = await bytesOf(makeAudio(plan))
    const parsed = await parseBuffer(bytes, { mimeType: 'audio/mpeg' })
    expect(parsed.format.tagTypes).toEqual(['ID3v2.3', 'ID3v1'])
    expect(parsed.common.title).toBe('Recording tagged')
    expect(bytes.subarray(-128, -125).toString()).toBe('TAG')
  })

  it('is two hours and 57.6 MB for the conference', async () => {
    const conference = callOf(describeCalls({ seed: 1, count: 60, now: NOW }), 'conference')
    let bytes = 0
    for await (const chunk of audioOf(conference)) bytes += chunk.length
    expect({ bytes, declared: conference.metadata.duration }).toEqual({ bytes: 57_600_000, declared: 7200 })
  })

  it('is never the same for two calls', async () => {
    const calls = describeCalls({ seed: 9, count: 60, now: NOW }).filter(
      ({ audio }) => (audio?.seconds ?? 0) < 240 && audio,
    )
    const digests = new Set<string>()
    for (const call of calls) digests.add(sha256(await bytesOf(audioOf(call))))
    expect(digests.size).toBe(calls.length)
  })
})
