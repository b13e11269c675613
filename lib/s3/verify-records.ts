import { lockFor, type RetentionPolicy } from '../archive/retention.ts'
import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import type { VerifyKeys } from '../verify/keys.ts'
import { advance, type Mark, openPass, type Part, readMark, writeMark } from '../verify/mark.ts'
import { type Verification, writeReport } from '../verify/report.ts'
import type { Documents, Version } from './documents.ts'
import type { Texts } from './texts.ts'

/** What checks leave in the bucket: reports, and how far the check of the whole archive is. */
export interface VerifyRecords {
  /**
   * Writes a report, once, locked like evidence of today; resolves to its key.
   * @throws StoreError or ConfigurationError if it could not be written
   */
  keep(verification: Omit<Verification, 'finishedAt' | 'version'>): Promise<string>
  /** Goes on with the pass over the whole archive, or begins one. */
  openPass(workspaceId: string, signal: AbortSignal): Promise<VerifyPass>
}

/** One way through the whole archive. */
export interface VerifyPass {
  readonly mark: Mark
  /**
   * Moves on behind a part whose report is written.
   * @throws StoreError where another run has moved on meanwhile
   */
  moveOn(part: Part, reportKey: string): Promise<void>
}

/** @param options.createId makes the name of a report unique */
export function createVerifyRecords(options: {
  readonly documents: Pick<Documents, 'read' | 'replace'>
  readonly texts: Pick<Texts, 'read' | 'writeOnce'>
  readonly keys: VerifyKeys
  readonly retention: RetentionPolicy
  readonly clock: Clock
  readonly version: string
  readonly createId: () => string
}): VerifyRecords {
  const { documents, texts, keys, retention, clock, version, createId } = options
  // What was read is kept even where the time for reading is over.
  const untilDone = new AbortController().signal

  const parse = (key: string, held: Version | undefined): Mark | undefined => {
    if (held === undefined) return undefined
    const read = readMark(held.text)
    if (read.ok) return read.mark
    throw new StoreError(`${key} cannot be read: ${read.reason}; move it away to begin anew`)
  }

  return {
    async keep(verification) {
      const now = clock.now()
      const key = keys.report(verification.order.workspaceId, now, createId())
      const text = writeReport({ ...verification, finishedAt: now, version })
      const lock = lockFor(retention, now, now)
      const isWritten = await texts.writeOnce(key, text, 'application/json', lock, untilDone)
      // After a lost answer the next attempt meets its own object.
      if (!isWritten && (await texts.read(key, untilDone)) !== text)
        throw new StoreError(`${key} holds another report; nothing was overwritten`)
      return key
    },
    async openPass(workspaceId, signal) {
      const key = keys.mark(workspaceId)
      let held = await documents.read(key, signal)
      let mark = openPass(parse(key, held), workspaceId, clock.now())
      return {
        get mark() {
          return mark
        },
        async moveOn(part, reportKey) {
          mark = advance(mark, part, reportKey, clock.now())
          held = await documents.replace(key, held, writeMark(mark), untilDone)
          if (held === undefined)
            throw new StoreError(`${key}: another check of the whole archive is under way; run one at a time`)
        },
      }
    },
  }
}
