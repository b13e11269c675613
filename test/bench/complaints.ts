import type { Run } from './run.ts'

/**
 * What is wrong with a run: a recording that is not stored whole, and whatever the variant itself reported. Against
 * the rate limit a recording may be left over that the queue knows of; it is a figure then, and no fault.
 */
export function complaintsOf(run: Run): string[] {
  const count = (name: string): number => run.counts[name] ?? 0
  const leftOver = run.workload === 'limited' ? leftOverOf(run) : 0
  const complaints = run.problem === undefined ? [] : [run.problem]
  const audio = count('stored.audio')
  if (audio < run.allRecordings - leftOver)
    complaints.push(`${audio} of ${run.allRecordings} recordings are stored`)
  if (audio === run.allRecordings && count('stored.audioBytes') !== run.allBytes)
    complaints.push(`${count('stored.audioBytes')} of ${run.allBytes} bytes are stored`)
  if (count('stored.wrongSize') > 0)
    complaints.push(`${count('stored.wrongSize')} recordings are not stored whole`)
  if (count('stored.unfinished') > 0)
    complaints.push(`${count('stored.unfinished')} uploads were left unfinished`)
  if (run.kind !== 'tool' && count('stored.sidecars') < audio)
    complaints.push(`${count('stored.sidecars')} sidecars are stored for ${audio} recordings`)
  return complaints
}

/** Recordings that a run has not stored but has left to a queue. */
export function leftOverOf({ counts, drive }: Run): number {
  const givenUp = drive?.phases.reduce((sum, phase) => sum + phase.givenUp, 0) ?? 0
  return givenUp + (counts['sqs.deferred'] ?? 0) + (counts['sqs.dead'] ?? 0)
}
