import { isMissing } from './failure.ts'
import type { Vault } from './vault.ts'

/**
 * Reads one version from its first byte to its last. Resolves to false if it is not there.
 * @throws StoreError or ConfigurationError if it cannot be read, after attempts that are made again where that may help
 */
export type Reread = (
  key: string,
  versionId: string | undefined,
  see: (chunk: Uint8Array) => void,
  signal: AbortSignal,
) => Promise<boolean>

export function createReread(vault: Pick<Vault, 'openAudio'>): Reread {
  return async (key, versionId, see, signal) => {
    try {
      const { body } = await vault.openAudio(key, versionId, signal)
      for await (const chunk of body) see(chunk)
      return true
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Error && isMissing(error.cause)) return false
      throw error
    }
  }
}
