import type { CallFault } from './call-fault.ts'
import type { Random } from './random.ts'

/** What is special about a call, or `plain`. */
export type Role =
  | 'plain'
  | 'becomes-available'
  | 'absent'
  | 'failed'
  | 'throttled'
  | 'throttled-with-retry-after'
  | 'link-expired'
  | 'connection-cut'
  | 'body-truncated'
  | 'html-once'
  | 'html-always'
  | 'server-error'
  | 'unprocessable'
  | 'unknown-status'
  | 'unknown-duration'
  | 'conference'

/** Per hundred calls, but at least one; 0 is exactly one. */
const PERCENT: readonly (readonly [Role, number])[] = [
  ['becomes-available', 6],
  ['absent', 3],
  ['failed', 2],
  ['throttled', 1],
  ['throttled-with-retry-after', 1],
  ['link-expired', 1],
  ['connection-cut', 1],
  ['body-truncated', 1],
  ['server-error', 1],
  ['unknown-duration', 2],
  ['html-once', 0],
  ['html-always', 0],
  ['unprocessable', 0],
  ['unknown-status', 0],
  ['conference', 0],
]

const FAULTS: Partial<Record<Role, CallFault>> = {
  throttled: { kind: 'throttled', times: 2 },
  'throttled-with-retry-after': { kind: 'throttled-with-retry-after', times: 1 },
  'link-expired': { kind: 'link-expired', times: 1 },
  'connection-cut': { kind: 'connection-cut', times: 1 },
  'body-truncated': { kind: 'body-truncated', times: 1 },
  'html-once': { kind: 'html', times: 1 },
  'html-always': { kind: 'html', times: 'always' },
  'server-error': { kind: 'server-error', times: 1 },
  unprocessable: { kind: 'unprocessable', times: 'always' },
}

/**
 * A role for each of `count` calls, in random order. Of 32 calls or more, every special role has at least one; of fewer,
 * half are plain and the other half are the first special roles of the list.
 */
export function castRoles(random: Random, count: number): Role[] {
  const first = PERCENT.map(([role]) => role)
  const more = PERCENT.flatMap(([role, percent]) =>
    Array.from({ length: Math.max(0, Math.round((count * percent) / 100) - 1) }, () => role),
  )
  const special = [...first, ...more].slice(0, Math.floor(count / 2))
  return random.shuffle([...special, ...Array.from({ length: count - special.length }, (): Role => 'plain')])
}

/** The faults that meet a call of this role. */
export function faultsOf(role: Role): readonly CallFault[] {
  const fault = FAULTS[role]
  return fault === undefined ? [] : [fault]
}
