import type { Landing } from '../landing.ts'
import type { Framing } from './http-framing.ts'
import type { ResponseHead } from './http-head.ts'

/** An answer whose body is still on its way. */
export interface Incoming extends Pick<ResponseHead, 'status' | 'headers' | 'framing'> {
  /** Puts the body where it is wanted; to be called once. Rejects when it breaks off, and with what `landing` fails with. */
  receive(this: void, landing: Landing): Promise<void>
  /** Lets go of the connection, however far the body was read. */
  close(this: void): void
}

/** One request and its answer, from the first byte written to the last one read. */
export interface Exchange {
  readonly answered: PromiseWithResolvers<Incoming>
  readonly received: PromiseWithResolvers<void>
  /** Stops listening to the signal. */
  letGo(): void
  head?: ResponseHead
  framing?: Framing
  landing?: Landing
  /** The landing wants no more for now. */
  isHeld: boolean
}

/** @param fail called with the signal's reason once that is aborted */
export function beginExchange(signal: AbortSignal, fail: (reason: unknown) => void): Exchange {
  const onAbort = (): void => fail(signal.reason)
  signal.addEventListener('abort', onAbort)
  const received = Promise.withResolvers<void>()
  // Whoever gives up before the body came does not ask for it.
  received.promise.catch(() => {})
  return {
    answered: Promise.withResolvers(),
    received,
    letGo: () => signal.removeEventListener('abort', onAbort),
    isHeld: false,
  }
}
