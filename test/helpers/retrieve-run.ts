import type { Destination, RetrieveOrder } from '../../lib/retrieve/retrieve.ts'
import { composeRetriever, type Retriever } from '../../lib/compose-retrieve.ts'
import { systemClock } from '../../lib/deadline.ts'
import { VAULT_WORKSPACE, type VaultWorld } from './vault-world.ts'

export const NEVER = new AbortController().signal
/** A clock on which no pause takes any time. */
export const impatientClock = {
  ...systemClock,
  pause: async (_ms: number, signal: AbortSignal) => signal.throwIfAborted(),
}

/** The real retriever against the world's bucket, without pauses between attempts. */
export function retrieverOf(world: VaultWorld): Retriever {
  return composeRetriever(world.config, impatientClock)
}

export function orderOf(recordingId: string, more: Partial<RetrieveOrder> = {}): RetrieveOrder {
  return {
    requester: { actor: 'anna', reason: 'complaint 4711', via: 'terminal' },
    workspaceIds: [VAULT_WORKSPACE],
    recordingId,
    ...more,
  }
}

/** A destination in memory that knows what became of it. */
export function memoryDestination(): Destination & {
  readonly bytes: () => Buffer
  readonly end: () => 'open' | 'kept' | 'discarded'
} {
  const chunks: Uint8Array[] = []
  let end: 'open' | 'kept' | 'discarded' = 'open'
  return {
    async write(incoming) {
      for await (const chunk of incoming) chunks.push(chunk)
    },
    async keep() {
      end = 'kept'
    },
    async discard() {
      end = 'discarded'
    },
    bytes: () => Buffer.concat(chunks),
    end: () => end,
  }
}
