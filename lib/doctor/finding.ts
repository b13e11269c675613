/** What was looked at. */
export type Area = 'environment' | 'bird' | 'clock' | 'bucket' | 'queue'

/** `unknown`: it could not be told, which says nothing against the set-up. */
export type Level = 'ok' | 'warn' | 'fail' | 'unknown'

/** One thing that was looked at. Whatever is not in order says why that matters and how it is mended. */
export type Finding =
  | { readonly area: Area; readonly check: string; readonly level: 'ok'; readonly what: string }
  | {
      readonly area: Area
      readonly check: string
      readonly level: 'warn' | 'fail' | 'unknown'
      readonly what: string
      readonly why: string
      /** A setting or a command; never more than a person may paste. */
      readonly mend: string
    }

/** What came of a question that may be refused: the answer, that there is none, the right that is missing, or a failure. */
export type Seen<T> =
  | { readonly kind: 'seen'; readonly value: T }
  | { readonly kind: 'none' }
  | { readonly kind: 'denied'; readonly right: string }
  | { readonly kind: 'failed'; readonly detail: string }

type Judge = (this: void, check: string, what: string, why: string, mend: string) => Finding

/** Notes findings of one area. */
export interface Note {
  readonly ok: (this: void, check: string, what: string) => Finding
  readonly warn: Judge
  readonly fail: Judge
  readonly unknown: Judge
}

export function noteFor(area: Area): Note {
  const judge =
    (level: 'warn' | 'fail' | 'unknown'): Judge =>
    (check, what, why, mend) => ({ area, check, level, what, why, mend })
  return {
    ok: (check, what) => ({ area, check, level: 'ok', what }),
    warn: judge('warn'),
    fail: judge('fail'),
    unknown: judge('unknown'),
  }
}

/** The finding about something that could not be seen; undefined if it could, or is known not to be there. */
export function explainUnseen(
  note: Note,
  check: string,
  subject: string,
  seen: Seen<unknown>,
): Finding | undefined {
  if (seen.kind === 'denied')
    return note.unknown(
      check,
      `cannot tell ${subject}: access denied`,
      'the archiver itself does not need this right; only this check does',
      `run it with credentials that have ${seen.right}`,
    )
  if (seen.kind === 'failed')
    return note.unknown(
      check,
      `cannot tell ${subject}: ${seen.detail}`,
      'the question was not answered',
      'try again; an S3-compatible store may not know this question at all',
    )
  return undefined
}

/** How many findings there are of each level. */
export function countLevels(findings: readonly Finding[]): Record<Level, number> {
  const counts = { ok: 0, warn: 0, fail: 0, unknown: 0 }
  for (const { level } of findings) counts[level] += 1
  return counts
}
