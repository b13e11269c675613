import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { SandboxReady } from '../../sandbox/sandbox-ready.ts'
import { EXIT } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'

/** The sandbox in a process of its own, so that it can be killed like a machine. */
export interface Cloud {
  readonly ready: SandboxReady
  /** Everything that it has written to stderr. */
  output(): string
  /** Ends it in order (SIGTERM) or at once (SIGKILL), and waits until it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

export interface CloudOptions {
  readonly directory: string
  readonly recordings: number | undefined
  readonly seed: number | undefined
  readonly queueClock: number
  readonly visibilityTimeoutSeconds: number
  readonly onProgress: (made: number, total: number) => void
}

const LAUNCHER = join(import.meta.dirname, '..', 'bird-archive.js')

/** Starts the cloud and waits until it is ready. Rejects with what it said if it ends before. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { directory, recordings, seed } = options
  const args = ['sandbox', '--attended', '--data', directory]
  args.push('--queue-clock', String(options.queueClock))
  args.push('--visibility-timeout', String(options.visibilityTimeoutSeconds))
  if (recordings !== undefined) args.push('--recordings', String(recordings))
  if (seed !== undefined) args.push('--seed', String(seed))
  const child = spawn(process.execPath, [...process.execArgv, LAUNCHER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // In a group of its own: Ctrl-C is for this process to deal with. The channel ends it should we be killed.
    detached: true,
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.on('message', (message) => {
    if (isProgress(message)) options.onProgress(message.made, message.total)
  })
  const gone = once(child, 'close')
  // A command that is stopped in the middle leaves nothing running.
  const endWithUs = (): void => void child.kill('SIGTERM')
  process.once('exit', endWithUs)
  void gone.then(() => process.off('exit', endWithUs))

  const firstLine = once(createInterface({ input: child.stdout ?? process.stdin }), 'line')
  const line = await Promise.race([firstLine, gone.then(() => undefined)])
  if (line === undefined) throw explainEnd(child.exitCode, stderr)
  return {
    ready: JSON.parse(String(line[0])) as SandboxReady,
    output: () => stderr,
    async end(signal) {
      child.kill(signal)
      await gone
    },
  }
}

/** Its wrong arguments are ours, told in its own words. */
function explainEnd(exitCode: number | null, stderr: string): Error {
  const said = stderr.trim().replace(/^bird-archive: /, '')
  if (exitCode !== EXIT.misconfigured) return new Error(said || 'the sandbox ended before it was ready')
  const [title = '', ...faults] = said.split('\n')
  return new UsageError(
    title,
    faults.map((fault) => fault.replace(/^ +· /, '')),
  )
}

function isProgress(message: unknown): message is { made: number; total: number } {
  return typeof message === 'object' && message !== null && 'made' in message && 'total' in message
}
