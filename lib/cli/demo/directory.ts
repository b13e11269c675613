import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../usage-error.ts'

/** Everything that the sandbox and the demo write into a directory; a draft stays where writing it was killed. */
const OURS = /^(?:sandbox\.json(?:\.\d+\.tmp)?|media\.ndjson|s3|sqs|catalog-cache|function\.log)$/
/** Finder leaves it in every folder that is looked at: neither a reason to refuse, nor ours to delete. */
const NOBODYS = '.DS_Store'

const CHOOSE = 'choose another directory with --data'

/**
 * Deletes what an earlier run has left in a directory. Touches nothing else.
 * @throws UsageError if the directory holds other things, or is in use
 */
export async function clearDirectory(directory: string): Promise<void> {
  const names = await listSandbox(directory)
  if (names.length === 0) return
  const foreign = names.filter((name) => !OURS.test(name))
  if (foreign.length > 0)
    throw new UsageError(`${directory} holds what the sandbox has not made:`, [
      ...foreign.map((name) => `${name}: move it away`),
      `or ${CHOOSE}: the demo starts afresh and deletes what it has left there`,
    ])
  const { pid } = JSON.parse(await readFile(join(directory, 'sandbox.json'), 'utf8')) as { pid?: number }
  if (pid !== undefined && pid !== 0 && isAlive(pid))
    throw new UsageError(`${directory} is in use:`, [
      `a sandbox runs there (process ${pid}): stop it, or ${CHOOSE}`,
    ])
  // What says that the rest is ours goes last: killed in between, the next run goes on with deleting.
  const last = names.filter((name) => name.startsWith('sandbox.json'))
  for (const name of [...names.filter((each) => !last.includes(each)), ...last])
    await rm(join(directory, name), { recursive: true, force: true })
}

/**
 * What a directory holds: nothing, where it does not exist yet, or a sandbox.
 * @throws UsageError if it is no directory, or holds things without being a sandbox
 */
export async function listSandbox(directory: string): Promise<readonly string[]> {
  const found = await readdir(directory).catch((error: unknown): string[] => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') return []
    if (code === 'ENOTDIR') throw new UsageError(`${directory} is not a directory:`, [CHOOSE])
    throw error
  })
  const names = found.filter((name) => name !== NOBODYS)
  if (names.length > 0 && !names.includes('sandbox.json'))
    throw new UsageError(`${directory} is not empty, and was not made by the sandbox:`, [CHOOSE])
  return names
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
