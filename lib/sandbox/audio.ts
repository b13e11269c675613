import { id3v1, id3v2 } from './id3.ts'
import { createEncoder, samplesPerFrame } from './mp3-encoder.ts'
import type { Mp3Encoder, Mp3Format, Mp3Run } from './mp3-encoder.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import { speak } from './speech.ts'

/** The encodings that occur in the sandbox's call center: MPEG 1, 2 and 2.5, mono and stereo, constant and variable rate. */
export const FORMATS = {
  narrowband: { sampleRate: 8000, channels: 1, bitrate: 16 },
  wideband: { sampleRate: 16_000, channels: 1, bitrate: 32 },
  'two-sided': { sampleRate: 16_000, channels: 2, bitrate: 48 },
  variable: { sampleRate: 22_050, channels: 1 },
  studio: { sampleRate: 44_100, channels: 2, bitrate: 64 },
  conference: { sampleRate: 32_000, channels: 1, bitrate: 64 },
} as const satisfies Record<string, Mp3Format>

export type FormatName = keyof typeof FORMATS

/** What a recording sounds like. `voice` makes it different from every other; the rest is its form. */
export interface AudioPlan {
  readonly voice: string
  readonly format: FormatName
  readonly seconds: number
  readonly id3v2: boolean
  readonly id3v1: boolean
}

const PHRASES_PER_FORMAT = 12
const CHUNK_BYTES = 256 * 1024

let encoder: Promise<Mp3Encoder> | undefined
const phrases = new Map<FormatName, readonly Mp3Run[]>()

/**
 * The MP3 of a plan, in chunks of about 256 KiB: first a phrase that no other recording has, then phrases from a bank
 * that recordings of one format share (encoding each recording for itself would take minutes), cut at the frame that
 * makes the length right. The same plan gives the same bytes on every machine.
 */
export async function* makeAudio(plan: AudioPlan): AsyncGenerator<Uint8Array> {
  encoder ??= createEncoder()
  const encode = await encoder
  const format = FORMATS[plan.format]
  const random = createRandom(`audio ${plan.voice}`)
  const shared = phrasesOf(plan.format, encode)

  const title = `Recording ${plan.voice}`
  let chunk: Uint8Array[] = plan.id3v2 ? [id3v2(title)] : []
  let chunkBytes = 0
  let framesLeft = Math.round((plan.seconds * format.sampleRate) / samplesPerFrame(format))
  let run = encodePhrase(encode, format, random, 350)
  while (framesLeft > 0) {
    const frames = Math.min(framesLeft, run.frameEnds.length)
    const bytes = run.bytes.subarray(0, run.frameEnds[frames - 1])
    chunk.push(bytes)
    chunkBytes += bytes.length
    framesLeft -= frames
    run = random.pick(shared)
    if (chunkBytes >= CHUNK_BYTES) {
      yield Buffer.concat(chunk)
      chunk = []
      chunkBytes = 0
    }
  }
  if (plan.id3v1) chunk.push(id3v1(title))
  yield Buffer.concat(chunk)
}

function phrasesOf(name: FormatName, encode: Mp3Encoder): readonly Mp3Run[] {
  const made = phrases.get(name)
  if (made !== undefined) return made
  const random = createRandom(`phrases ${name}`)
  const bank = Array.from({ length: PHRASES_PER_FORMAT }, () =>
    encodePhrase(encode, FORMATS[name], random, random.integer(1400, 2800)),
  )
  phrases.set(name, bank)
  return bank
}

function encodePhrase(encode: Mp3Encoder, format: Mp3Format, random: Random, milliseconds: number): Mp3Run {
  const spoken = speak(random, format.sampleRate, milliseconds)
  if (format.channels === 1) return encode(format, [spoken])
  const silent = new Float32Array(spoken.length)
  return encode(format, random.chance(50) ? [spoken, silent] : [silent, spoken])
}
