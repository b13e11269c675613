import { setFlagsFromString } from 'node:v8'

/**
 * Tells V8 what kind of program this is; to be called before the first request. A flag that a later V8 does not know
 * changes nothing (it writes a warning).
 *
 * undici parses HTTP in WebAssembly. V8 optimizes that after some ten recordings, which takes as much CPU time as ten more, and most
 * instances of a function that archives calls one by one do not live to earn it back. Forty times as many bytes make
 * sure that it is worth it.
 */
export function tuneEngine(): void {
  setFlagsFromString('--wasm-tiering-budget=500000000')
}
