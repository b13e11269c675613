import { userInfo } from 'node:os'
import { nameDropped, writeDropped } from '../backfill/dropped.ts'
import { createBackfillKeys } from '../backfill/keys.ts'
import { composeArchiver } from '../compose.ts'
import { ConfigurationError, describeError, StoreError } from '../errors.ts'
import { createJsonLog } from '../log.ts'
import type { Store } from '../s3/store.ts'
import type { TakenLetter } from '../sqs/dead-letter.ts'
import { createDeadLetters, type Round, type Settled } from '../sqs/dead-letters.ts'
import { type DlqConfig, readDlqConfig } from './dlq-environment.ts'
import { createLetterFilter } from './dlq-filter.ts'
import { requireChoice, type SettleOptions, settleLetters } from './dlq-settle.ts'
import { printHint } from './print.ts'
import { UsageError } from './usage-error.ts'

export interface DropOptions extends SettleOptions {
  readonly because: string
  readonly by?: string
}

/** Gives letters up: a document says so first, then they are deleted. Resolves to the exit code. */
export async function dropLetters(ids: readonly string[], options: DropOptions): Promise<number> {
  const because = options.because.trim()
  if (because === '') throw new UsageError('Why?', ['--because is empty: the reason is all that stays'])
  const by = (options.by ?? readUserName()).trim()
  if (by === '') throw new UsageError('Who?', ['say with --by who gives them up'])
  const filter = await createLetterFilter(ids, options, new Date())
  requireChoice(filter, options)
  const queues = readDlqConfig(process.env, { bucket: true })
  const deadLetters = createDeadLetters(queues.queueUrl, queues.deadLetterQueueUrl)
  const archiver = composeArchiver(queues.config, {
    log: createJsonLog(printHint, 'warn', () => new Date()),
  })
  try {
    const settle = writeAndDrop(archiver.store, queues, { because, by })
    return await settleLetters({ deadLetters, queues, filter, settle, done: 'dropped' }, options)
  } finally {
    deadLetters.close()
    await archiver.close()
  }
}

function writeAndDrop(
  store: Store,
  { config: { prefix, workspaceId: ownWorkspaceId } }: DlqConfig,
  { because, by }: { readonly because: string; readonly by: string },
): Round['settle'] {
  const keys = createBackfillKeys(prefix)
  const never = new AbortController().signal
  const write = async (letter: TakenLetter): Promise<Settled> => {
    const { workspaceId = ownWorkspaceId, recordingId, messageId, reason, detail, firstSeenAt, body } = letter
    const text = writeDropped({
      workspaceId,
      recordingId,
      messageId,
      reason: because,
      by,
      deadLetter: { reason, detail, firstSeenAt },
      droppedAt: new Date(),
      body,
    })
    try {
      // One that is there already tells the same: an earlier run wrote it and did not come to delete the letter.
      await store.writeOnce(
        keys.dropped(workspaceId, nameDropped(letter)),
        text,
        'application/json',
        undefined,
        never,
      )
      return { kind: 'gone' }
    } catch (error) {
      if (error instanceof ConfigurationError) throw error
      return { kind: 'stays', why: error instanceof StoreError ? error.message : describeError(error) }
    }
  }
  return async (letters) => {
    const ends = await Promise.allSettled(letters.map(write))
    return ends.map((end) => {
      if (end.status === 'rejected') throw end.reason
      return end.value
    })
  }
}

/** Empty where the operating system knows no name, as in some containers. */
function readUserName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}
