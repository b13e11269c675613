import { expect } from 'vitest'
import { runScope } from './verify-run.ts'
import type { Kept, KeepOptions, VerifyWorld } from './verify-world.ts'

/** A way in which a recording comes not to be what its sidecar says. */
export interface Case {
  readonly what: string
  readonly keep?: KeepOptions
  /** What happens to it after it was archived. */
  readonly happens?: (kept: Kept) => Promise<unknown>
  readonly env?: Readonly<Record<string, string>>
  readonly expected: readonly object[] | ((kept: Kept) => readonly object[])
}

/** Lets it happen, and asserts that a check finds that and nothing else, that the report says so, and that all stays as it is. */
export async function expectFound(world: VerifyWorld, broken: Case): Promise<void> {
  const { keep = {}, happens, env, expected } = broken
  const [kept, good] = [await world.keep(keep), await world.keep()]
  await happens?.(kept)
  const before = await world.keys('recordings/')
  const { end } = await runScope(
    world,
    { kind: 'ids', ids: [kept.id, good.id] },
    { ...(env !== undefined && { env }) },
  )
  const [verdict, ...others] = end.account.mismatches.filter(({ recordingId }) => recordingId === kept.id)
  expect(others).toEqual([])
  const wanted = typeof expected === 'function' ? expected(kept) : expected
  expect(verdict?.findings).toEqual(wanted)
  // Under another policy the good one lacks its lock, too.
  const mismatches = env === undefined ? 1 : 2
  expect(end.account.tally).toMatchObject({ recordings: 2, mismatches, unread: 0 })
  const report = (await world.reports()).at(-1)
  expect(report?.['mismatches']).toContainEqual(
    expect.objectContaining({
      recordingId: kept.id,
      findings: wanted.map((finding) => expect.objectContaining(finding) as unknown),
    }),
  )
  expect(await world.keys('recordings/')).toEqual(before)
}

/** Every kind of finding that cases expect. */
export function kindsOf(cases: readonly Case[]): ReadonlySet<unknown> {
  const kinds = cases.flatMap(({ expected }) =>
    typeof expected === 'function' ? expected({ sha256: '', versionId: '' } as Kept) : expected,
  )
  return new Set(kinds.map((finding) => 'kind' in finding && finding.kind))
}
