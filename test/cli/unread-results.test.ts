import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { start } from './command.ts'

it('where whoever reads the results leaves before their end, the exit code is not that of success', async () => {
  const { child, done } = start(['--help'])
  child.stdout?.destroy()
  const { stderr } = await done
  expect([child.exitCode, stderr]).toEqual([141, ''])
})

it('where there is no room for the results, that is said, and the exit code is 1', async () => {
  // Linux: each write to it fails with ENOSPC.
  await using full = await open('/dev/full', 'w')
  const launcher = join(import.meta.dirname, '..', '..', 'lib', 'cli', 'bird-archive.js')
  const child = spawn(process.execPath, [launcher, '--help'], { stdio: ['ignore', full.fd, 'pipe'] })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  await once(child, 'close')
  expect(child.exitCode).toBe(1)
  expect(stderr).toBe(
    'bird-archive: the results cannot be written on (ENOSPC): free room, or send them elsewhere\n',
  )
})
