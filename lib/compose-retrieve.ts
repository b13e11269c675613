import { randomUUID } from 'node:crypto'
import type { ArchiveConfig } from './archive-config.ts'
import { createKeys, type Keys } from './archive/keys.ts'
import { type Clock, systemClock } from './deadline.ts'
import { createRetrieveKeys } from './retrieve/keys.ts'
import type { RetrieveSystems } from './retrieve/retrieve.ts'
import { type AccessLog, createAccessLog } from './s3/access-log.ts'
import { connectS3 } from './s3/client.ts'
import { createDirectRequests } from './s3/direct.ts'
import type { Place } from './s3/stored.ts'
import { createTexts, type Texts } from './s3/texts.ts'
import { createVault, type Vault } from './s3/vault.ts'

/** A way to the archive's bucket for whoever works with what lies there. */
export interface ArchiveConnection {
  readonly place: Place
  readonly texts: Texts
  readonly keys: Keys
  readonly vault: Vault
  readonly accessLog: AccessLog
  readonly clock: Clock
  /** Gives a new UUID. */
  readonly newId: () => string
  close(this: void): Promise<void>
}

const SOCKETS = 32

/** Connects to the bucket; nothing is asked yet. */
export function connectArchive(config: ArchiveConfig, clock: Clock = systemClock): ArchiveConnection {
  const { bucket, prefix, retention } = config
  const s3 = connectS3({ forcePathStyle: config.forcePathStyle, sockets: SOCKETS })
  const { client } = s3
  const place = { client, bucket, direct: createDirectRequests(client, bucket, s3.http, clock) }
  const texts = createTexts(place, clock)
  const keys = createKeys(prefix)
  return {
    place,
    texts,
    keys,
    vault: createVault(client, bucket, texts, keys, clock),
    accessLog: createAccessLog({ client, bucket, texts, keys: createRetrieveKeys(prefix), retention, clock }),
    clock,
    newId: () => randomUUID(),
    close: () => s3.close(),
  }
}

/** What serves recordings, wired: it can read, sign links, have archived audio restored, and write the access log. */
export interface Retriever {
  readonly systems: RetrieveSystems
  readonly accessLog: AccessLog
  close(): Promise<void>
}

/** Wires what serves recordings; it is given nothing that changes retention or holds. */
export function composeRetriever(config: ArchiveConfig, clock: Clock = systemClock): Retriever {
  const { vault, accessLog, keys, newId, close } = connectArchive(config, clock)
  return { systems: { vault, accessLog, keys, clock, newId }, accessLog, close }
}
