const MIN_TOLERANCE_SECONDS = 2
const TOLERANCE_SHARE = 0.02

/** Compares the measured duration with the one that Bird declares (whole seconds): within 2 s or 2 %, whichever is more. */
export function compareDurations(
  measuredMs: number,
  declaredSeconds: number | undefined,
): 'agrees' | 'differs' | 'undeclared' {
  if (declaredSeconds === undefined) return 'undeclared'
  const tolerance = Math.max(MIN_TOLERANCE_SECONDS, declaredSeconds * TOLERANCE_SHARE)
  return Math.abs(measuredMs / 1000 - declaredSeconds) <= tolerance ? 'agrees' : 'differs'
}

/** Whether the audio is clearly shorter than Bird declares, as it is when its end is missing. */
export function isCutShort(measuredMs: number, declaredSeconds: number): boolean {
  return measuredMs < declaredSeconds * 1000 && compareDurations(measuredMs, declaredSeconds) === 'differs'
}
