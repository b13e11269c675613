import { DatabaseSync } from 'node:sqlite'
import type { buildApp } from 'fauxqs'

type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>
type SqsStore = Stores['sqsStore']
type Persistence = NonNullable<SqsStore['persistence']>

/** What the queue server keeps its messages in. */
export interface QueueStore {
  readonly stores: Stores
  /** Makes changes to queues that exist so far safe against being killed half-way; call it once all queues exist. */
  guardQueues(): void
  close(): void
}

/**
 * Opens the messages kept in `directory` (SQLite), or an empty store in memory. A message is on disk before its sender
 * gets an answer, so that killing the process loses none; only a power cut may cost the last ones.
 *
 * fauxqs has this persistence, but opens it only together with a server that listens on every interface; hence its
 * parts are put together here. Throws if an upgrade of fauxqs has moved them.
 */
export async function openQueueStore(directory: string | undefined): Promise<QueueStore> {
  const sqsStore = new (await importClass<SqsStore>('./sqs/sqsStore.js', 'SqsStore'))()
  const snsStore = new (await importClass<Stores['snsStore']>('./sns/snsStore.js', 'SnsStore'))()
  const s3Store = new (await importClass<Stores['s3Store']>('./s3/s3Store.js', 'S3Store'))()
  const stores = { sqsStore, snsStore, s3Store }
  if (directory === undefined) return { stores, guardQueues: () => undefined, close: () => undefined }

  const Manager = await importClass<Persistence>('./persistence.js', 'PersistenceManager')
  const persistence = new Manager(directory)
  const database = databaseOf(persistence)
  // The write-ahead log survives the process; waiting for the disk at each message would only guard against power cuts.
  database.exec('PRAGMA synchronous = NORMAL')
  const release = database.prepare(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
  )
  // fauxqs 2.4 sets a column to NULL here that must not be, and so loses the message whose visibility is set to 0.
  persistence.updateMessageReady = (messageId) => void release.run(messageId)
  // Loaded before it is attached: creating a queue again would delete its stored messages.
  persistence.load(sqsStore, snsStore, s3Store)
  sqsStore.persistence = persistence

  return {
    stores,
    guardQueues() {
      for (const queue of sqsStore.allQueues()) {
        queue.persistence = persistence
        const dequeue = queue.dequeue.bind(queue)
        // A redrive deletes here and inserts there; being killed between the two must not lose the message.
        queue.dequeue = (...options) => inTransaction(database, () => dequeue(...options))
      }
    },
    close: () => persistence.close(),
  }
}

function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN')
  try {
    return work()
  } finally {
    database.exec('COMMIT')
  }
}

function databaseOf(persistence: Persistence): DatabaseSync {
  const database: unknown = Reflect.get(persistence, 'db')
  if (!(database instanceof DatabaseSync)) throw new Error('fauxqs no longer keeps its messages in SQLite')
  return database
}

type Constructor<Instance> = new (...options: string[]) => Instance

async function importClass<Instance>(path: string, name: string): Promise<Constructor<Instance>> {
  const module: unknown = await import(new URL(path, import.meta.resolve('fauxqs')).href)
  const found: unknown = typeof module === 'object' && module !== null ? Reflect.get(module, name) : undefined
  if (!isConstructor<Instance>(found)) throw new Error(`fauxqs no longer has ${name} in ${path}`)
  return found
}

function isConstructor<Instance>(value: unknown): value is Constructor<Instance> {
  return typeof value === 'function'
}
