import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { SandboxReady } from '../../lib/sandbox/sandbox-ready.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'lib', 'cli', 'bird-archive.js')

type Environment = Readonly<Record<string, string>>

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Command {
  readonly child: ChildProcess
  /** Resolves to the first line of stdout. */
  readonly firstLine: Promise<string>
  readonly done: Promise<Finished>
}

/** Starts the real launcher as a user would; of this process's environment it gets the path alone. */
export function start(args: readonly string[], environment: Environment = {}, input = ''): Command {
  const { PATH = '', TMPDIR = '/tmp' } = process.env
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    env: { PATH, TMPDIR, AWS_CONFIG_FILE: '/dev/null', AWS_EC2_METADATA_DISABLED: 'true', ...environment },
  })
  // Nothing outlives the tests, not even when they are given up.
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('close', () => process.off('exit', kill))
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // A command that refuses its arguments does not read its input.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return {
    child,
    firstLine: once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line)),
    done: once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr })),
  }
}

/** Runs the launcher to its end. */
export async function run(
  args: readonly string[],
  environment?: Environment,
  input?: string,
): Promise<Finished> {
  return await start(args, environment, input).done
}

/** The lines of a `--json` output. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** Starts `bird-archive sandbox`; end it with `command.child.kill()`. */
export async function startSandboxCommand(
  args: readonly string[] = [],
  environment?: Environment,
): Promise<{ command: Command; ready: SandboxReady }> {
  const command = start(['sandbox', ...args], environment)
  const ready = JSON.parse(await command.firstLine) as SandboxReady
  return { command, ready }
}
