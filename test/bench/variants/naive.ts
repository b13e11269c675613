import { runBundle } from './driven.ts'
import type { Variant } from './variant.ts'

/** What most public archivers on Node do: see naive/archive.ts. */
export const naive: Variant = {
  name: 'naive',
  title: 'fetch piped into lib-storage, as most public archivers do',
  kind: 'function',
  runsOn: () => true,
  run: (job) => runBundle(job.tools.naive, job),
}
