import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { describeError } from '../errors.ts'
import { attributesForRedrive, type DeadLetter, factsOf, sizeOf, type TakenLetter } from './dead-letter.ts'
import { createLetterReceipts, type Held, type Hidden } from './letter-receipts.ts'
import { findQueueFault } from './mends.ts'

/** What became of a letter that was wanted. */
export type Fate =
  /** It was dealt with, and deleted. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'stays'; readonly why: string }
  /** It was dealt with, but could not be deleted: it may be dealt with again. */
  | { readonly kind: 'undeleted'; readonly why: string }

/** Whether a letter has been dealt with, so that it may be deleted. */
export type Settled = Exclude<Fate, { kind: 'undeleted' }>

/** One way through the queue, in which each letter is met once. */
export interface Round {
  /** The others stay as they are. */
  readonly wants: (letter: DeadLetter) => boolean
  /** The most letters that are dealt with. */
  readonly limit: number
  /** Deals with ten letters at most; resolves to one answer for each, in their order. */
  readonly settle: (letters: readonly TakenLetter[]) => Promise<readonly Settled[]>
  readonly onFate: (letter: DeadLetter, fate: Fate) => void
  /** Once aborted, nothing new is begun; what has begun comes to its end. */
  readonly signal: AbortSignal
}

export interface RoundResult {
  /** Whether the round came to the queue's end, and no answer was lost on the way. */
  readonly complete: boolean
  /** How many of the letters that were sent back are dead letters again; those were left alone. */
  readonly cameBack: number
  /** Letters that could not be let go of: they stay hidden for a quarter of an hour. */
  readonly hidden: Hidden | undefined
}

/** The dead-letter queue, for whoever looks after it. A letter is never lost: it is deleted last. */
export interface DeadLetters {
  /**
   * Looks through the queue and lets go of all again: what was read is visible to others at once after. `complete` is
   * false if there are more than `limit`, or if letters may be hidden that nobody was told of. Those that somebody else
   * holds at the moment are not seen.
   * @throws ConfigurationError, the signal's reason, or what kept it from letting go
   */
  peek(
    limit: number,
    signal: AbortSignal,
  ): Promise<{ readonly letters: readonly DeadLetter[]; readonly complete: boolean }>
  /**
   * Has the wanted letters settled, at most forty at a time. What is settled is deleted; everything else is hidden until
   * the end and then let go, after an error, too. It holds 50,000 receipts at most (some 30 MB), and ends there.
   * @throws ConfigurationError, or what `settle` throws: its letters stay
   */
  goThrough(round: Round): Promise<RoundResult>
  /** Sends letters to the queue again, for `settle`: only what SQS has accepted is gone. */
  sendBack(this: void, letters: readonly TakenLetter[]): Promise<readonly Settled[]>
  close(): void
}

/** Below the 120,000 that SQS hides at most: beyond them it answers a long poll as if the queue were empty. */
const HELD_MAX = 50_000
const READERS = 4
/** SQS takes more in one request; a larger letter goes alone. */
const BATCH_BYTES = 256 * 1024
/** For as long as SQS may let a long poll wait, and some more. */
const TIMES = { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true }

/** Both queues, for a person at work; endpoint, region and credentials come from AWS's own variables. */
export function createDeadLetters(queueUrl: string, deadLetterQueueUrl: string): DeadLetters {
  const client = new SQSClient({ useQueueUrlAsEndpoint: false, requestHandler: TIMES })
  const receipts = createLetterReceipts(client, deadLetterQueueUrl)
  /** Ids that SQS gave to what was sent back: the archiver may make dead letters of them while we still read. */
  const sentBack = new Set<string>()

  /** Meets every letter once, and holds it to the end unless `visit` deletes it. */
  const walk = async (
    visit: (letters: readonly TakenLetter[], held: Held) => Promise<void>,
    isOver: () => boolean,
  ): Promise<Pick<RoundResult, 'complete' | 'hidden'>> => {
    const held: Held = new Map()
    let [complete, failed] = [true, false]
    const readOn = async (): Promise<boolean> => {
      if (failed || isOver() || held.size >= HELD_MAX) {
        complete = false
        return false
      }
      const { fresh, doubtful } = await receipts.read(held)
      if (doubtful) complete = false
      await visit(fresh, held)
      return fresh.length > 0
    }
    const readAll = async (): Promise<void> => {
      try {
        for (let more = true; more;) more = await readOn()
      } catch (error) {
        failed = true
        throw error
      }
    }
    let hidden: Hidden | undefined
    try {
      // The first page alone shows whether the queue can be worked on at all.
      const readers = (await readOn()) ? READERS : 0
      const ends = await Promise.allSettled(Array.from({ length: readers }, readAll))
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    } finally {
      hidden = await receipts.letGo(held)
    }
    return { complete, hidden }
  }

  const sendBatch = async (
    letters: readonly TakenLetter[],
  ): Promise<{ answers: readonly Settled[]; fault: Error | undefined }> => {
    const Entries = letters.map((letter, at) => ({
      Id: String(at),
      MessageBody: letter.body,
      MessageAttributes: attributesForRedrive(letter),
    }))
    const answers = letters.map((): Settled => ({ kind: 'stays', why: 'SQS did not answer for it' }))
    try {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries })
      const { Successful = [], Failed = [] } = await client.send(command)
      for (const { Id, Code = '', Message = '' } of Failed)
        answers[Number(Id)] = { kind: 'stays', why: describeError(`${Code}: ${Message}`) }
      for (const { Id, MessageId = '' } of Successful) {
        sentBack.add(MessageId)
        answers[Number(Id)] = { kind: 'gone' }
      }
      return { answers, fault: undefined }
    } catch (error) {
      const fault = findQueueFault(error, 'QUEUE_URL', 'sqs:SendMessage')
      const why = describeError(fault ?? error)
      return { answers: letters.map(() => ({ kind: 'stays', why })), fault }
    }
  }

  return {
    async peek(limit, signal) {
      const letters: DeadLetter[] = []
      const visit = async (page: readonly TakenLetter[]): Promise<void> => {
        for (const letter of page) letters.push(factsOf(letter))
      }
      const { complete, hidden } = await walk(visit, () => signal.aborted || letters.length > limit)
      signal.throwIfAborted()
      if (hidden !== undefined) throw hidden.error
      return { letters: letters.slice(0, limit), complete: complete && letters.length <= limit }
    },

    async goThrough({ wants, limit, settle, onFate, signal }) {
      let [taken, cameBack] = [0, 0]
      const isBack = ({ messageId, attributes }: TakenLetter): boolean =>
        sentBack.has(messageId) || sentBack.has(attributes['originalMessageId']?.StringValue ?? '')
      const visit = async (page: readonly TakenLetter[], held: Held): Promise<void> => {
        cameBack += page.filter(isBack).length
        const wanted = page
          .filter((letter) => !isBack(letter) && wants(letter))
          .slice(0, Math.max(limit - taken, 0))
        taken += wanted.length
        if (wanted.length === 0) return
        const settled = await settle(wanted)
        const done = wanted.filter((_, at) => settled[at]?.kind === 'gone')
        const { whys, fault } = await receipts.remove(done, held)
        for (const [at, letter] of wanted.entries()) {
          const why = whys.get(letter.messageId)
          const fate = settled[at] ?? { kind: 'stays', why: 'nothing is known of it' }
          onFate(factsOf(letter), why === undefined ? fate : { kind: 'undeleted', why })
        }
        if (fault !== undefined) throw fault
      }
      const ended = await walk(visit, () => signal.aborted || taken >= limit)
      return { ...ended, cameBack }
    },

    async sendBack(letters) {
      const settled: Settled[] = []
      for (const batch of inBatches(letters)) {
        const { answers, fault } = await sendBatch(batch)
        // What was sent before it has to be deleted first.
        if (fault !== undefined && settled.length === 0) throw fault
        settled.push(...answers)
      }
      return settled
    },

    close: () => client.destroy(),
  }
}

/** Letters that fit into one request each time; one page holds ten at most. */
function inBatches(letters: readonly TakenLetter[]): TakenLetter[][] {
  const batches: TakenLetter[][] = []
  let room = 0
  for (const letter of letters) {
    const bytes = sizeOf(letter)
    if (bytes > room || batches.length === 0) {
      batches.push([])
      room = BATCH_BYTES
    }
    batches.at(-1)?.push(letter)
    room -= bytes
  }
  return batches
}
