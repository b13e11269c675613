import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Cloud, CloudCounts } from './cloud.ts'
import type { Measure } from './measure.ts'
import { bytesOf, toRecordingId, toWholeFrames } from './recording-id.ts'
import { fewerAlike, KB } from './sizes.ts'
import type { Tools } from './tools.ts'
import type { Cost, Variant } from './variants/variant.ts'
import type { Workload, WorkloadName } from './workloads.ts'

/** What one run of one variant has shown. */
export interface Run extends Cost {
  readonly workload: WorkloadName
  readonly variant: string
  readonly kind: Variant['kind']
  /** The measured ones. */
  readonly recordings: number
  readonly bytes: number
  /** With those of the warm-up. */
  readonly allRecordings: number
  readonly allBytes: number
  readonly counts: CloudCounts
}

const WARM_UP_BYTES = toWholeFrames(200 * KB)

/** Runs a variant once on a cloud that has been emptied before, and looks at what it has stored. */
export async function runOnce(
  variant: Variant,
  workload: Workload,
  cloud: Cloud,
  tools: Tools,
  measure: Measure,
  place: string,
): Promise<Run> {
  const sizes = variant.kind === 'tool' ? fewerAlike(workload.sizes, workload.oneByOne) : workload.sizes
  const ids = sizes.map((bytes, index) => toRecordingId(bytes, index))
  const warmUp = Array.from({ length: variant.kind === 'function' ? workload.warmUp : 0 }, (_, index) =>
    toRecordingId(WARM_UP_BYTES, sizes.length + index),
  )
  const all = [...warmUp, ...ids]
  const directory = mkdtempSync(join(place, 'run-'))
  try {
    await cloud.reset()
    const cost = await variant.run({ workload, warmUp, ids, cloud, tools, measure, directory })
    return {
      ...cost,
      workload: workload.name,
      variant: variant.name,
      kind: variant.kind,
      recordings: ids.length,
      bytes: sumOfBytes(ids),
      allRecordings: all.length,
      allBytes: sumOfBytes(all),
      counts: await cloud.counts(),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function sumOfBytes(ids: readonly string[]): number {
  return ids.reduce((sum, id) => sum + bytesOf(id), 0)
}
