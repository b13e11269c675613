import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

describe('certificates', () => {
  it('are checked: nothing switches that off', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const name = ['NODE_TLS', 'REJECT_UNAUTHORIZED'].join('_')
    const sources = ['lib', 'functions', 'test', 'infra', 'docs', '.ci'].flatMap((directory) =>
      filesUnder(join(root, directory)),
    )
    const others = ['package.json', 'README.md', 'serverless.yml'].map((file) => join(root, file))
    const naming = [...sources, ...others].filter((file) => readText(file).includes(name))
    expect(sources.length).toBeGreaterThan(100)
    expect(naming).toEqual([])
  })
})

function filesUnder(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
