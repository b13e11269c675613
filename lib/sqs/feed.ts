import type { SQSClient } from '@aws-sdk/client-sqs'
import type { Unsent } from '../backfill/account.ts'
import type { Entry } from '../backfill/ledger.ts'
import type { Clock } from '../deadline.ts'
import { countMessages, type QueueCount } from './count.ts'
import type { Sender } from './send.ts'

/** What may be waited for. */
export interface FeedTime {
  readonly signal: AbortSignal
  /** Whether there is time left to begin anything. */
  mayStart(): boolean
}

/** The queue of the archiver, fed no faster than it is emptied: live recordings wait in it, too. */
export interface Feed {
  count(signal: AbortSignal): Promise<QueueCount>
  /**
   * Sends recordings, as room comes. Resolves to those that were not sent, each with the reason.
   * @param onWait told how many messages wait, each time that there is no room
   * @throws ConfigurationError if nothing can be sent before a person has mended something
   */
  send(
    workspaceId: string,
    entries: readonly Entry[],
    time: FeedTime,
    onWait: (waiting: number) => void,
  ): Promise<ReadonlyMap<string, Unsent>>
}

export interface FeedOptions {
  readonly client: SQSClient
  readonly queueUrl: string
  readonly sender: Sender
  /** Nothing is sent while so many messages wait. */
  readonly maxQueued: number
  /** How often a full queue is looked at, in milliseconds. */
  readonly pollMs: number
  readonly clock: Clock
}

/** Between two looks at the queue. */
const CHUNK = 500

export function createFeed({ client, queueUrl, sender, maxQueued, pollMs, clock }: FeedOptions): Feed {
  const count: Feed['count'] = (signal) => countMessages(client, queueUrl, signal)

  const waitForRoom = async (time: FeedTime, onWait: (waiting: number) => void): Promise<boolean> => {
    for (;;) {
      const { waiting } = await count(time.signal)
      if (waiting < maxQueued) return true
      if (!time.mayStart()) return false
      onWait(waiting)
      await clock.pause(pollMs, time.signal)
    }
  }

  return {
    count,
    async send(workspaceId, entries, time, onWait) {
      const unsent = new Map<string, Unsent>()
      for (let start = 0; start < entries.length; start += CHUNK) {
        const chunk = entries.slice(start, start + CHUNK)
        if (!(await waitForRoom(time, onWait))) {
          for (const { recordingId } of entries.slice(start))
            unsent.set(recordingId, { line: 'not-yet', reason: 'waits-for-room-in-the-queue' })
          break
        }
        const answers = await sender.send(chunk.map((entry) => messageOf(workspaceId, entry)))
        for (const [index, { recordingId }] of chunk.entries()) {
          const answer = answers[index]
          if (answer?.taken !== true)
            unsent.set(recordingId, {
              line: 'refused',
              reason: `the queue did not take it: ${answer?.reason ?? 'no answer'}`,
            })
        }
      }
      return unsent
    },
  }
}

function messageOf(
  workspaceId: string,
  { recordingId, firstSeenAt }: Entry,
): {
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
} {
  return {
    body: JSON.stringify({ recordingId, workspaceId }),
    attributes: { firstSeenAt: firstSeenAt.toISOString() },
  }
}
