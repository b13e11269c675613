import { Readable } from 'node:stream'
import { vi } from 'vitest'
import { main } from '../../lib/cli/cli.ts'
import type { Finished } from '../cli/command.ts'

/** Of this process's environment vitest's own stays; all else is the command's. */
const OURS = /^(?:VITEST|NODE_|TEST$|DEV$|PROD$|MODE$)/
let isRunning = false

/**
 * Runs the command line to its end within this process, as `run` of `test/cli/command.ts` does in one of its own, which takes
 * most of a second to start: same environment, same streams. That a command's process ends, signals, and what is in memory
 * is for `run` to show.
 * @throws Error where another one runs: environment and streams are the process's
 */
export async function runWithin(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Finished> {
  if (isRunning) throw new Error('Commands within this process run one after the other')
  isRunning = true
  const restore = [layEnvironment(environment), layInput(input)]
  const out = listenTo(process.stdout)
  const err = listenTo(process.stderr)
  try {
    const code = await main([...args])
    return { code, stdout: out.text(), stderr: err.text() }
  } finally {
    for (const end of [out.end, err.end, ...restore]) end()
    isRunning = false
  }
}

function layEnvironment(environment: Readonly<Record<string, string>>): () => void {
  const before = { ...process.env }
  const { PATH = '', TMPDIR = '/tmp' } = before
  const own = Object.fromEntries(Object.entries(before).filter(([name]) => OURS.test(name)))
  const given = { PATH, TMPDIR, AWS_CONFIG_FILE: '/dev/null', AWS_EC2_METADATA_DISABLED: 'true' }
  replaceEnvironment({ ...own, ...given, ...environment })
  return () => replaceEnvironment(before)
}

function replaceEnvironment(wanted: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(wanted, name)) delete process.env[name]
  Object.assign(process.env, wanted)
}

function layInput(input: string): () => void {
  const before = Object.getOwnPropertyDescriptor(process, 'stdin')
  Object.defineProperty(process, 'stdin', { value: Readable.from([Buffer.from(input)]), configurable: true })
  return () => {
    if (before !== undefined) Object.defineProperty(process, 'stdin', before)
  }
}

/** What is written, in place of writing it. */
function listenTo(stream: NodeJS.WriteStream): { readonly text: () => string; readonly end: () => void } {
  const chunks: Buffer[] = []
  const listeners = stream.listeners('error')
  const spy = vi.spyOn(stream, 'write').mockImplementation((chunk, ...rest: unknown[]) => {
    chunks.push(Buffer.from(chunk))
    const written = rest.find((each) => typeof each === 'function') as (() => void) | undefined
    if (written !== undefined) queueMicrotask(written)
    return true
  })
  return {
    text: () => Buffer.concat(chunks).toString('utf8'),
    end: () => {
      spy.mockRestore()
      for (const listener of stream.listeners('error'))
        if (!listeners.includes(listener)) stream.off('error', listener as () => void)
    },
  }
}
