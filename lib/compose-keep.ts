import { randomUUID } from 'node:crypto'
import type { ArchiveConfig } from './archive-config.ts'
import { type BackfillKeys, createBackfillKeys } from './backfill/keys.ts'
import { type ArchiveConnection, connectArchive } from './compose-retrieve.ts'
import { type Clock, systemClock } from './deadline.ts'
import { createRetrieveKeys } from './retrieve/keys.ts'
import { createCustody, type Custody } from './s3/custody.ts'
import { createDocuments, type Documents } from './s3/documents.ts'
import { createHolds, type Holds } from './s3/holds.ts'

/** What exports recordings, wired: it can read, and write the access log. */
export interface Exporter extends Pick<
  ArchiveConnection,
  'vault' | 'accessLog' | 'keys' | 'clock' | 'newId'
> {
  readonly documents: Pick<Documents, 'read' | 'list'>
  readonly backfillKeys: BackfillKeys
  close(): Promise<void>
}

export function composeExporter(config: ArchiveConfig, clock: Clock = systemClock): Exporter {
  const connection = connectArchive(config, clock)
  const documents = createDocuments(connection.place.client, config.bucket, clock, randomUUID)
  return { ...connection, documents, backfillKeys: createBackfillKeys(config.prefix) }
}

/** What keeps recordings, wired: it can hold them and extend their retention, but neither delete nor shorten anything. */
export interface Keeper extends Pick<ArchiveConnection, 'vault' | 'accessLog' | 'keys' | 'clock' | 'newId'> {
  readonly custody: Custody
  readonly holds: Holds
  close(): Promise<void>
}

/** Wires what a person at a terminal keeps recordings with; no function is given it. */
export function composeKeeper(config: ArchiveConfig, clock: Clock = systemClock): Keeper {
  const connection = connectArchive(config, clock)
  const { place } = connection
  const custody = createCustody(place)
  const documents = createDocuments(place.client, config.bucket, clock, randomUUID)
  const holds = createHolds({ documents, custody, keys: createRetrieveKeys(config.prefix) })
  return { ...connection, custody, holds }
}
