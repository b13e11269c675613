import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where Debian's own commands are: what a user's PATH adds may be a script around another version. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What a command and all its descendants have cost. */
export interface Usage {
  readonly userSeconds: number
  readonly systemSeconds: number
  readonly wallSeconds: number
  /** Of the largest single process among them. */
  readonly maxRssKb: number
  readonly exitCode: number
  /** The last of what it wrote to stderr. */
  readonly complaint: string
}

/** Runs a command on the measured core and tells its cost. Rejects when told to stop. */
export type Measure = (
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
) => Promise<Usage>

const COMPLAINT_CHARACTERS = 600

/**
 * @param program the compiled `native/measure.c`
 * @param core the core that the command is pinned to
 */
export function createMeasure(
  program: string,
  directory: string,
  core: number,
  signal: AbortSignal,
): Measure {
  const usageFile = join(directory, 'usage.json')
  return async (command, environment) => {
    signal.throwIfAborted()
    // A group of its own, so that everything that it starts can be ended with it.
    const child = spawn('taskset', ['-c', String(core), program, usageFile, ...command], {
      cwd: directory,
      env: { PATH: SYSTEM_PATH, HOME: directory, TMPDIR: directory, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    const kill = (): void => killGroup(child.pid)
    signal.addEventListener('abort', kill)
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-COMPLAINT_CHARACTERS)
    })
    try {
      await new Promise<void>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', () => resolve())
      })
    } finally {
      signal.removeEventListener('abort', kill)
      killGroup(child.pid)
    }
    signal.throwIfAborted()
    const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as Omit<Usage, 'complaint'>
    return { ...usage, complaint: complaint.trim() }
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of it is left.
  }
}
