import type { MediaPool } from '../../lib/bird/media-pool.ts'
import { createCollector } from './collector.ts'
import type { RawServer } from './raw-server.ts'

const never = new AbortController().signal

/** Gets a server's audio over a pool, whole, as text. */
export async function getText(pool: MediaPool, server: RawServer, signal = never): Promise<string> {
  const { receive } = await pool.get(new URL('/a.mp3', server.origin), {}, signal)
  const collector = createCollector()
  await receive(collector)
  return collector.body().toString()
}
