import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const NUMBERS = join(import.meta.dirname, '..', '..', 'infra', 'numbers.yml')

/** The archive function's timeout in seconds, as the template beside this program says; undefined where there is none. */
export function readFunctionTimeout(): number | undefined {
  try {
    return findTimeout(readFileSync(NUMBERS, 'utf8'))
  } catch {
    return undefined
  }
}

/** Finds it by its name, as deep as it may lie. */
export function findTimeout(yaml: string): number | undefined {
  const seconds = /^[ ]*(?:archiveTimeout|functionTimeout|timeout)\w*: *(\d+) *(?:#.*)?$/m.exec(yaml)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}
