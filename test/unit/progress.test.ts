import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createProgress } from '../../lib/cli/progress.ts'

let written = ''
beforeEach(() => {
  written = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    written += String(chunk)
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

/** What a terminal, or a file, is shown of a progress that has come to 40. */
function show(isTerminal: boolean, total: number | 'percent'): string {
  const before = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY')
  Object.defineProperty(process.stderr, 'isTTY', { value: isTerminal, configurable: true })
  try {
    const progress = createProgress('verifying', total)
    progress.update(40, '7 recordings')
    progress.stop()
    return written
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.stderr, 'isTTY')
    else Object.defineProperty(process.stderr, 'isTTY', before)
  }
}

it.each([
  [60, 'verifying 40/60  7 recordings\n'],
  ['percent' as const, 'verifying 40 %  7 recordings\n'],
])('of %s is a line that can be read, where there is no terminal', (total, line) => {
  expect(show(false, total)).toBe(line)
})

it.each([
  [60, / 40\/60 {2}7 recordings/],
  ['percent' as const, / 40 % {2}7 recordings/],
])('of %s is a bar on a terminal', (total, shown) => {
  const bar = show(true, total)
  expect(bar).toMatch(shown)
  expect(bar).toMatch(/verifying [\u2588\u2591]{24} /)
})
