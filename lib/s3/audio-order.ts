import type { Landing } from '../landing.ts'
import type { MediaWatch } from '../archive/media.ts'
import type { Lock } from '../archive/retention.ts'

/** What is to be written: a body on its way, and who judges it. */
export interface AudioOrder {
  readonly key: string
  readonly contentType: string
  readonly declaredBytes: number | undefined
  /** Puts the body where it is wanted; to be called once. */
  receive(this: void, landing: Landing): Promise<void>
  /** Sees every byte before it is sent; nothing is committed before its `finish` has returned. */
  readonly watch: MediaWatch
  readonly lock: Lock | undefined
  readonly signal: AbortSignal
}
