import { buildFrame } from './mp3-files.ts'

const MIB = 1024 * 1024

/** Whole frames of 320 kbit/s, about `mib` MiB of them; no two stretches are alike, and none under another `seed`. */
export function buildLargeAudio(mib: number, seed: number): Buffer {
  const frame = buildFrame({ bitRateKbps: 320 })
  const frames = Math.floor((mib * MIB) / frame.length)
  const audio = Buffer.alloc(frames * frame.length)
  for (let number = 0; number < frames; number++) {
    const at = number * frame.length
    frame.copy(audio, at)
    audio.writeUInt32BE(number, at + 100)
    audio.writeUInt32BE(seed, at + 104)
  }
  return audio
}
