import { runBundle } from './driven.ts'
import type { Variant } from './variant.ts'

/** The function as it is deployed. */
export const ours: Variant = {
  name: 'ours',
  title: 'this archiver, as deployed',
  kind: 'function',
  runsOn: () => true,
  run: (job) => runBundle(job.tools.ours, job),
}
