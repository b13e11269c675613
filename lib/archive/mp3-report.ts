/** Every finding, in the order in which a report has them. */
export const MP3_FINDINGS = [
  'no-frame',
  'cut-frame',
  'cut-tag',
  'junk-before-audio',
  'junk-between-frames',
  'junk-after-audio',
  'format-changes',
  'frame-count-differs',
  'free-format',
] as const

/** What is odd about an MP3. `format-changes`: sample rate, channels, version or layer; `frame-count-differs`: the VBR header says another number than was counted. */
export type Mp3Finding = (typeof MP3_FINDINGS)[number]

/** What an MP3 consists of, measured frame by frame. `frameBytes + tagBytes + junkBytes` is its length. */
export interface Mp3Report {
  /** Whole audio frames; a Xing, Info or VBRI header in the first frame is not audio. */
  readonly frames: number
  readonly durationMs: number
  /** The average over the audio frames, rounded; 0 if there are none. */
  readonly bitRateKbps: number
  /** `cbr` if all frames have one bit rate, whatever the VBR header's name says; undefined without frames. */
  readonly bitRateMode: 'cbr' | 'vbr' | undefined
  /** As in the first whole audio frame; this and the next three are undefined if there is none. */
  readonly sampleRateHz: number | undefined
  readonly channels: 1 | 2 | undefined
  readonly mpegVersion: '1' | '2' | '2.5' | undefined
  readonly layer: 1 | 2 | 3 | undefined
  readonly vbrHeader: 'Xing' | 'Info' | 'VBRI' | undefined
  /** The number of frames that this header says, if it does. */
  readonly declaredFrames: number | undefined
  /** Bytes of all ID3v2 tags, with their headers and footers. */
  readonly id3v2Bytes: number
  /** There is a whole ID3v1 tag, at the end or where one file ends and another was appended. */
  readonly id3v1: boolean
  /** There are frames, and the file does not break off inside one. */
  readonly endsOnWholeFrame: boolean
  /** Bytes of all frames: audio, VBR header, and what is there of a cut one. */
  readonly frameBytes: number
  /** Bytes of all tags: ID3v2, ID3v1 and its extension, APEv2. */
  readonly tagBytes: number
  /** Bytes that belong to no frame and no tag. */
  readonly junkBytes: number
  /** Each at most once, in a fixed order. */
  readonly findings: readonly Mp3Finding[]
}
