import { describe, expect, test } from 'vitest'
import { layerCases } from './architecture/layer-cases.ts'
import { reachCases } from './architecture/reach-cases.ts'
import { shapeCases } from './architecture/shape-cases.ts'
import { treeOf } from './architecture/tree.ts'

const cases = [...layerCases, ...reachCases, ...shapeCases]

describe('the source tree', () => {
  test.each(cases)('$claim', ({ rule, over }) => {
    expect(over.length).toBeGreaterThan(0)
    expect(rule(over)).toEqual([])
  })
})

describe('the rules themselves', () => {
  test.each(cases)('find what breaks them: $claim', ({ rule, broken, found }) => {
    expect(rule(treeOf(broken))).toEqual(found)
  })

  test.each(cases)('leave alone what is fine: $claim', ({ rule, fine }) => {
    expect(rule(treeOf(fine))).toEqual([])
  })
})
