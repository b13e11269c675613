import * as v from 'valibot'

const SIZE = 'sample must be a whole number from 1 to 1000000'

/** What a schedule asks for. */
const VerifyRequest = v.variant('verify', [
  v.strictObject({ verify: v.literal('all') }),
  v.strictObject({
    verify: v.literal('sample'),
    sample: v.pipe(v.number(SIZE), v.integer(SIZE), v.minValue(1, SIZE), v.maxValue(1_000_000, SIZE)),
    seed: v.optional(
      v.pipe(v.string(), v.regex(/^[\u0021-\u007e]{1,100}$/, 'seed must be 1 to 100 visible characters')),
    ),
  }),
])
export type VerifyRequest = v.InferOutput<typeof VerifyRequest>

/** Reads a schedule's event: `{"verify": "sample", "sample": 300}`, or `{"verify": "all"}`. */
export function readVerifyRequest(
  event: unknown,
): { ok: true; request: VerifyRequest } | { ok: false; faults: readonly string[] } {
  const parsed = v.safeParse(VerifyRequest, event)
  return parsed.success
    ? { ok: true, request: parsed.output }
    : {
        ok: false,
        faults: parsed.issues.map(
          ({ message }) =>
            `the event ${JSON.stringify({ verify: 'sample', sample: 300 })} or ${JSON.stringify({ verify: 'all' })} is expected: ${message}`,
        ),
      }
}
