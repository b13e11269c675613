import type { BirdLimits } from './client.ts'
import { type Connection, openConnection } from './media-connection.ts'
import type { Incoming } from './media-exchange.ts'

/** Connections to the hosts that audio comes from, kept and used again. */
export interface MediaPool {
  /**
   * Gets what a link leads to, whatever the answer is; follows nothing, repeats nothing.
   * @throws the signal's reason; a TimeoutError; an Error that says what else went wrong
   */
  get(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Incoming>
  close(): void
}

export function createMediaPool(limits: BirdLimits): MediaPool {
  const idle = new Map<string, Connection[]>()
  const all = new Set<Connection>()

  const open = (origin: string): Connection => {
    const kept = idle.get(origin) ?? []
    idle.set(origin, kept)
    const connection: Connection = openConnection(new URL(origin), limits, {
      free: () => kept.push(connection),
      gone() {
        all.delete(connection)
        const index = kept.indexOf(connection)
        if (index !== -1) kept.splice(index, 1)
      },
    })
    all.add(connection)
    return connection
  }

  return {
    async get({ origin, pathname, search }, headers, signal) {
      signal.throwIfAborted()
      // The last one used is the likeliest to be alive.
      const connection = idle.get(origin)?.pop() ?? open(origin)
      return await connection.get(`${pathname}${search}`, headers, signal)
    },
    close() {
      for (const connection of all) connection.destroy()
    },
  }
}
