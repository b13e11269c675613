import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What is deployed: the bundle whose bytes `npm run package` zips. */
const BUNDLE = fileURLToPath(new URL('../../../dist/functions/archive.cjs', import.meta.url))
const RUNTIME = fileURLToPath(import.meta.resolve('aws-lambda-ric'))
const NATIVE_CLIENT = fileURLToPath(new URL('rapid-client.ts', import.meta.url))
const STAND_IN = `
import { registerHooks } from 'node:module'
registerHooks({
  resolve: (name, context, next) =>
    next(name === './rapid-client.node' ? './rapid-client.ts' : name, context),
})`
/** "nobody": a function in Lambda is not root either. */
const NOBODY = 65_534

/** A folder as Lambda lays one out: AWS's runtime client, and the bundle that nobody may write to. */
export interface FunctionHost extends AsyncDisposable {
  /** Starts one sandbox of the function, with this environment and nothing else. */
  start(runtimeApi: string, environment: Readonly<Record<string, string>>): FunctionProcess
}

export interface FunctionProcess {
  readonly child: ChildProcess
  /** All that was printed so far. */
  output(): string
  kill(): Promise<void>
}

export async function layOutFunction(): Promise<FunctionHost> {
  const asRoot = process.getuid?.() === 0
  const directory = await mkdtemp(join(await findOpenFolder(asRoot), 'function-'))
  const task = join(directory, 'task')
  const runtime = join(directory, 'runtime')
  const node = join(runtime, 'node')
  await mkdir(task)
  await mkdir(runtime)
  await copyFile(BUNDLE, join(task, 'archive.cjs'))
  await copyFile(RUNTIME, join(runtime, 'index.mjs'))
  await copyFile(NATIVE_CLIENT, join(runtime, 'rapid-client.ts'))
  // Whoever runs the tests may have Node where nobody else can read it.
  await copyFile(process.execPath, node)
  // Root passes over these modes, but the function does not run as root.
  for (const [path, mode] of [
    [join(task, 'archive.cjs'), 0o444],
    [node, 0o555],
    [task, 0o555],
    [runtime, 0o555],
    [directory, 0o555],
  ] as const)
    await chmod(path, mode)
  // The runtime asks for a native module: this names the stand-in in its place.
  const preload = `data:text/javascript,${encodeURIComponent(STAND_IN)}`

  return {
    start(runtimeApi, environment) {
      const env = {
        ...environment,
        AWS_LAMBDA_RUNTIME_API: runtimeApi,
        LAMBDA_TASK_ROOT: task,
        _HANDLER: 'archive.handler',
      }
      const who = asRoot ? { uid: NOBODY, gid: NOBODY } : {}
      const args = ['--import', preload, join(runtime, 'index.mjs'), 'archive.handler']
      const child = spawn(node, args, { cwd: task, env, stdio: ['ignore', 'pipe', 'pipe'], ...who })
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk
        })
      return {
        child,
        output: () => output,
        async kill() {
          if (child.exitCode !== null || child.signalCode !== null) return
          const ended = once(child, 'exit')
          child.kill('SIGKILL')
          await ended
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const path of [directory, task, runtime]) await chmod(path, 0o755)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** The temporary folder, or the system's own where the other user could not pass through the first. */
async function findOpenFolder(forOthers: boolean): Promise<string> {
  const own = tmpdir()
  if (!forOthers) return own
  for (let folder = own; folder !== dirname(folder); folder = dirname(folder))
    if (((await stat(folder)).mode & 0o001) === 0) return '/tmp'
  return own
}
