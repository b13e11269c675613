import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../usage-error.ts'

/**
 * Deletes what an earlier run has left in a directory. Touches nothing else.
 * @throws UsageError if the directory holds other things, or is in use
 */
export async function clearDirectory(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: unknown): string[] => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  if (names.length === 0) return
  if (!names.includes('sandbox.json'))
    throw new UsageError(`${directory} is not empty, and was not made by the sandbox:`, [
      'choose another directory with --data: the demo starts afresh and deletes what is there',
    ])
  const { pid } = JSON.parse(await readFile(join(directory, 'sandbox.json'), 'utf8')) as { pid?: number }
  if (pid !== undefined && pid !== 0 && isAlive(pid))
    throw new UsageError(`${directory} is in use:`, [
      `a sandbox runs there (process ${pid}): stop it, or choose another directory with --data`,
    ])
  await rm(directory, { recursive: true, force: true })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
