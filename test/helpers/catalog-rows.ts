import { createHash } from 'node:crypto'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'

export const WORKSPACE = '8bc02f53-87ac-48d2-b4fd-c2cf856a305f'

/** A row that is like any other but for what is given; its id is a UUID made of `name`. */
export function rowOf(name: string, more: Partial<CatalogEntry> = {}): CatalogEntry {
  const recordingId = idOf(name)
  const createdAt = more.created_at ?? '2024-03-01T09:00:00.000Z'
  return {
    recording_id: recordingId,
    workspace_id: WORKSPACE,
    created_at: createdAt,
    started_at: createdAt,
    ended_at: null,
    source: 'call',
    source_id: idOf(`call of ${name}`),
    conference_id: null,
    channel_id: '880d8171-cbab-47bb-81b6-b1a0902da136',
    direction: 'incoming',
    from_number: '447700900456',
    to_number: '12025550123',
    duration_ms: 60_000,
    channels: 1,
    findings: [],
    audio_key: `recordings/${WORKSPACE}/${recordingId}.mp3`,
    audio_bytes: 240_000,
    audio_sha256: createHash('sha256').update(name).digest('hex'),
    audio_version_id: 'v1',
    retain_until: null,
    archived_at: new Date(Date.parse(createdAt) + 3_600_000).toISOString(),
    ...more,
  }
}

/** A UUID that is the same for the same name. */
export function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return [0, 8, 12, 16, 20].map((start, index) => hex.slice(start, [8, 12, 16, 20, 32][index])).join('-')
}

/** One object of the catalog, as the archiver writes it. */
export function segmentOf(rows: readonly CatalogEntry[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}
