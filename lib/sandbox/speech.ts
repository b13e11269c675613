import type { Random } from './random.ts'

/**
 * Formant frequencies in Hz of five vowels (Peterson and Barney 1952, men's averages). They give each syllable its colour;
 * that is enough for a listener to hear "somebody talks" and to tell recordings apart.
 */
const VOWELS = [
  [730, 1090, 2440],
  [530, 1840, 2480],
  [270, 2290, 3010],
  [570, 840, 2410],
  [300, 870, 2240],
] as const

const CYCLE_SAMPLES = 256
const MAX_SPEECH_HZ = 3400
const SINE = Float64Array.from({ length: CYCLE_SAMPLES }, (_, index) => sineOfTurn(index / CYCLE_SAMPLES))

/**
 * Says something of about `milliseconds` in a made-up voice: mono samples between -1 and 1 at `sampleRate`.
 * Only the four operations that IEEE 754 rounds exactly are used (no `Math.sin`), so that the samples, and the MP3s made
 * of them, are the same bits on every machine.
 */
export function speak(random: Random, sampleRate: number, milliseconds: number): Float32Array {
  const samples = new Float32Array(Math.floor((sampleRate * milliseconds) / 1000))
  const pitchHz = random.integer(95, 230)
  let offset = 0
  while (offset < samples.length) {
    const lengthSamples = Math.floor((sampleRate * random.integer(110, 260)) / 1000)
    const syllable = samples.subarray(offset, offset + lengthSamples)
    addConsonant(random, syllable, Math.floor(sampleRate / random.integer(20, 50)))
    addVowel(random, syllable, sampleRate, pitchHz + random.integer(-18, 18))
    offset += lengthSamples + Math.floor((sampleRate * random.integer(5, 60)) / 1000)
  }
  return samples
}

function addConsonant(random: Random, syllable: Float32Array, lengthSamples: number): void {
  for (let index = 0; index < Math.min(lengthSamples, syllable.length); index++) {
    syllable[index] = random.integer(-2000, 2000) / 32768
  }
}

function addVowel(random: Random, syllable: Float32Array, sampleRate: number, pitchHz: number): void {
  const cycle = cycleOf(random.pick(VOWELS), pitchHz, Math.min(MAX_SPEECH_HZ, sampleRate / 2))
  const fade = Math.max(1, Math.floor(syllable.length / 4))
  const step = (pitchHz * CYCLE_SAMPLES) / sampleRate
  const glide = random.integer(-20, 10) / 100 / syllable.length
  let phase = 0
  for (let index = 0; index < syllable.length; index++) {
    const loudness = Math.min(index, fade, syllable.length - index) / fade
    syllable[index] = (syllable[index] ?? 0) + (cycle[Math.floor(phase) % CYCLE_SAMPLES] ?? 0) * loudness
    phase += step * (1 + glide * index)
  }
}

/** One period of a vowel: harmonics of the pitch, the louder the nearer they lie to a formant. */
function cycleOf(formantsHz: readonly number[], pitchHz: number, limitHz: number): Float64Array {
  const cycle = new Float64Array(CYCLE_SAMPLES)
  for (let harmonic = 1; harmonic * pitchHz < limitHz; harmonic++) {
    const weight = formantsHz.reduce((sum, formantHz, rank) => {
      const distance = (harmonic * pitchHz - formantHz) / 90
      return sum + 1 / ((1 + distance * distance) * (rank + 1))
    }, 0.02)
    for (let index = 0; index < CYCLE_SAMPLES; index++) {
      cycle[index] = (cycle[index] ?? 0) + weight * (SINE[(index * harmonic) % CYCLE_SAMPLES] ?? 0)
    }
  }
  const peak = cycle.reduce((highest, value) => Math.max(highest, value, -value), 0)
  return cycle.map((value) => (value * 0.5) / peak)
}

/** Bhaskara's rational approximation of the sine, for a fraction of a full turn. */
function sineOfTurn(turn: number): number {
  const half = (turn % 0.5) * 2
  const bow = half * (1 - half)
  const value = (16 * bow) / (5 - 4 * bow)
  return turn < 0.5 ? value : -value
}
