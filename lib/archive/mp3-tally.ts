import { channelsOf, type FrameFormat } from './mp3-header.ts'
import { MP3_FINDINGS, type Mp3Finding, type Mp3Report } from './mp3-report.ts'
import type { TagName } from './mp3-tags.ts'
import type { VbrHeader } from './mp3-vbr-header.ts'

/** Audio frames of one format that follow each other. Bit rate indices and channel modes met are sets, kept as bits. */
export interface FrameRun {
  readonly format: FrameFormat
  /** The header of the first of them. */
  readonly word: number
  readonly frames: number
  readonly bytes: number
  readonly rates: number
  readonly modes: number
}

/** Adds up what a walk meets, in the order of the file. */
export interface Tally {
  audio(run: FrameRun): void
  vbrFrame(header: VbrHeader, bytes: number): void
  cutFrame(bytes: number): void
  /** A tag, or what is there of one that is cut. */
  tag(name: TagName, bytes: number, cut: boolean): void
  junk(bytes: number): void
  report(): Mp3Report
}

const FREE_FORMAT = 1 << 0
const SINGLE_CHANNEL = 1 << 3

/** A tally of nothing yet. It keeps sums only, so that neither the file's length nor its chunks change what it costs. */
export function createTally(): Tally {
  const findings = new Set<Mp3Finding>()
  const kbps = new Set<number>()
  const samplesByRate = new Map<number, number>()
  let first: FrameRun | undefined
  let vbrHeader: VbrHeader | undefined
  let frames = 0
  let modes = 0
  let audioBytes = 0
  let otherFrameBytes = 0
  let id3v2Bytes = 0
  let id3v1 = false
  let tagBytes = 0
  let junkBytes = 0
  let junkPending = false

  function hasFrames(): boolean {
    return audioBytes + otherFrameBytes > 0
  }

  function frameBegins(): void {
    if (junkPending) findings.add(hasFrames() ? 'junk-between-frames' : 'junk-before-audio')
    junkPending = false
  }

  return {
    audio(run) {
      frameBegins()
      const { format } = run
      first ??= run
      if (format.pattern !== first.format.pattern) findings.add('format-changes')
      if (run.rates & FREE_FORMAT) findings.add('free-format')
      frames += run.frames
      audioBytes += run.bytes
      modes |= run.modes
      const samples = samplesByRate.get(format.sampleRateHz) ?? 0
      samplesByRate.set(format.sampleRateHz, samples + run.frames * format.samplesPerFrame)
      for (const [index, rate] of format.kbps.entries()) if (run.rates & (1 << index)) kbps.add(rate)
    },
    vbrFrame(header, bytes) {
      frameBegins()
      vbrHeader = header
      otherFrameBytes += bytes
    },
    cutFrame(bytes) {
      frameBegins()
      findings.add('cut-frame')
      otherFrameBytes += bytes
    },
    tag(name, bytes, cut) {
      if (cut) findings.add('cut-tag')
      tagBytes += bytes
      if (name === 'id3v2') id3v2Bytes += bytes
      if (name === 'id3v1' && !cut) id3v1 = true
    },
    junk(bytes) {
      junkBytes += bytes
      junkPending = true
    },
    report() {
      let durationMs = 0
      for (const [sampleRateHz, samples] of samplesByRate) durationMs += (samples * 1000) / sampleRateHz
      const declaredFrames = vbrHeader?.declaredFrames
      if (frames === 0) findings.add('no-frame')
      if (junkPending && hasFrames()) findings.add('junk-after-audio')
      if (modes & SINGLE_CHANNEL && modes & ~SINGLE_CHANNEL) findings.add('format-changes')
      if (declaredFrames !== undefined && declaredFrames !== frames) findings.add('frame-count-differs')
      return {
        frames,
        durationMs: Math.round(durationMs),
        bitRateKbps: frames === 0 ? 0 : Math.round((audioBytes * 8) / durationMs),
        bitRateMode: frames === 0 ? undefined : kbps.size === 1 ? 'cbr' : 'vbr',
        sampleRateHz: first?.format.sampleRateHz,
        channels: first && channelsOf(first.word),
        mpegVersion: first?.format.mpegVersion,
        layer: first?.format.layer,
        vbrHeader: vbrHeader?.kind,
        declaredFrames,
        id3v2Bytes,
        id3v1,
        endsOnWholeFrame: frames > 0 && !findings.has('cut-frame'),
        frameBytes: audioBytes + otherFrameBytes,
        tagBytes,
        junkBytes,
        findings: MP3_FINDINGS.filter((finding) => findings.has(finding)),
      }
    },
  }
}
