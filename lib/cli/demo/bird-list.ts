import { setTimeout as delay } from 'node:timers/promises'
import type { Range } from '../../backfill/window.ts'
import type { SandboxReady } from '../../sandbox/sandbox-ready.ts'

const PAGE = 99
const THROTTLED_MS = 500

/** Ids of all recordings that Bird lists for a range, read at one go and by nothing that the archiver reads lists with. */
export async function listAtBird(
  { bird }: SandboxReady,
  { from, to }: Range,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const url = new URL(`${bird.url}/workspaces/${bird.workspaceId}/recordings`)
  const query = { limit: String(PAGE), startAt: from.toISOString(), endAt: to.toISOString() }
  url.search = new URLSearchParams(query).toString()
  const ids: string[] = []
  for (;;) {
    const answer = await fetch(url, { headers: { authorization: `AccessKey ${bird.accessKey}` }, signal })
    const body = await answer.text()
    if (answer.status === 429) {
      await delay(THROTTLED_MS, undefined, { signal })
      continue
    }
    if (!answer.ok) throw new Error(`Bird answered ${answer.status} in place of its list`)
    const page = JSON.parse(body) as { results: readonly { id: string }[]; nextPageToken?: string }
    ids.push(...page.results.map(({ id }) => id))
    if (page.nextPageToken === undefined) return ids
    url.searchParams.set('pageToken', page.nextPageToken)
  }
}
