import { describe, expect, it } from 'vitest'
import type { Facts } from '../architecture/facts.ts'
import { program, treeOf } from '../architecture/tree.ts'

/** What changes how long something is kept, or deletes it; of S3's commands those that could. */
const CUSTODY = /^lib\/(s3\/(custody|holds)|compose-keep)\.ts$/
const BYPASS = /BypassGovernanceRetention/

/** Deployed functions that import, directly or not, what can hold, release, or extend. */
function reachingCustody(tree: readonly Facts[]): string[] {
  const files = new Map(tree.map((file) => [file.path, file]))
  const reach = (path: string, seen: Set<string>): boolean => {
    if (CUSTODY.test(path)) return true
    if (seen.has(path)) return false
    seen.add(path)
    const { imports = [] } = files.get(path) ?? {}
    return imports.some(({ target, typeOnly }) => !typeOnly && target !== undefined && reach(target, seen))
  }
  return tree
    .map(({ path }) => path)
    .filter((path) => path.startsWith('functions/') && reach(path, new Set()))
}

describe('what is deployed', () => {
  it('can neither hold, nor release, nor extend', () => {
    expect(program.some(({ path }) => CUSTODY.test(path))).toBe(true)
    expect(program.some(({ path }) => path.startsWith('functions/'))).toBe(true)
    expect(reachingCustody(program)).toEqual([])
  })

  it('would be found if it could', () => {
    const tree = treeOf({
      'functions/a.ts': "import { a } from '../lib/compose-retrieve.ts'",
      'functions/b.ts': "import type { Holds } from '../lib/s3/holds.ts'",
      'lib/compose-retrieve.ts': "import { createCustody } from './s3/custody.ts'",
      'lib/s3/custody.ts': '',
    })
    expect(reachingCustody(tree)).toEqual(['functions/a.ts'])
  })
})

it('nothing in the program asks S3 to pass over a lock', () => {
  const asking = program.filter(({ path, text }) => !path.startsWith('lib/sandbox/') && BYPASS.test(text))
  expect(asking.map(({ path }) => path)).toEqual([])
})
