import * as v from 'valibot'

/** A date-time as documents in the bucket have it (ISO 8601), read into a Date. */
export const Moment = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text)), 'not a date-time'),
  v.transform((text) => new Date(text)),
)

/** Why a text is not the document that it should be. */
export interface NoDocument {
  readonly ok: false
  readonly reason: string
}

/**
 * Reads a JSON document of a form that this version knows; returns the reason as text where it is none.
 * @param subject what the reason calls it
 */
export function readDocument<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
  subject = 'it',
): { readonly ok: true; readonly document: v.InferOutput<Schema> } | NoDocument {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { ok: false, reason: `${subject} is not JSON` }
  }
  const parsed = v.safeParse(schema, json)
  return parsed.success
    ? { ok: true, document: parsed.output }
    : {
        ok: false,
        reason: `${subject} has an unknown form at ${v.getDotPath(parsed.issues[0]) ?? 'its root'}`,
      }
}
