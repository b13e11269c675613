import type { Facts } from './facts.ts'
import type { Rule } from './rules.ts'

/** A rule of the architecture with the proof that it can fail and the proof that it does not cry wolf. */
export interface Case {
  claim: string
  rule: Rule
  /** The files that must keep to it. */
  over: Facts[]
  /** Sources that break the rule, and what the rule says about them. */
  broken: Record<string, string>
  found: string[]
  /** Sources that come close and are fine. */
  fine: Record<string, string>
}
