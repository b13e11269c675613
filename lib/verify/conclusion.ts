import type { Scope, VerifyEnd } from './order.ts'
import { isAllGood } from './verdict.ts'

/** What a run has come to. Only `in-order` says that what was read is good. */
export type Conclusion = 'not-in-order' | 'not-yet' | 'stopped' | 'nothing-read' | 'in-order'

/**
 * Says what a run has come to, in view of every part of the pass that it belongs to; first match counts.
 *
 * | what there is                                                    | conclusion   |
 * | ---------------------------------------------------------------- | ------------ |
 * | a mismatch, something unread, or an orphan, in any of the parts  | not-in-order |
 * | a recording that was named, and whose sidecar is still to come   | not-yet      |
 * | an end before everything was read                                | stopped      |
 * | no audio that was read                                           | nothing-read |
 * | anything else                                                    | in-order     |
 */
export function conclude(
  { kind }: Scope,
  { why, account, mark }: Pick<VerifyEnd, 'why' | 'account' | 'mark'>,
): Conclusion {
  const tally = mark?.tally ?? account.tally
  // A part that was given up before its first recording is in no mark, and may have shown something.
  if (!isAllGood(tally) || !isAllGood(account.tally)) return 'not-in-order'
  if (kind === 'ids' && tally.onItsWay > 0) return 'not-yet'
  if (why !== 'finished') return 'stopped'
  return tally.read === 0 ? 'nothing-read' : 'in-order'
}
