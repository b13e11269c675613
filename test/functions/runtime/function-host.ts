import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { unzip } from '../../helpers/unzip.ts'
import { type Json, packageStage } from '../../infra/package.ts'
import { at, text } from '../../infra/tree.ts'

const run = promisify(execFile)

const RUNTIME = fileURLToPath(import.meta.resolve('aws-lambda-ric'))
const LOOPBACK_ONLY = fileURLToPath(new URL('loopback-only.ts', import.meta.url))
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
  /** The environment that the template gives the function, as far as it is text and not the name of a resource. */
  readonly deployed: Readonly<Record<string, string>>
  /** Starts one sandbox of the function, with this environment and nothing else. */
  start(runtimeApi: string, environment: Readonly<Record<string, string>>): FunctionProcess
  /** Tries to write beside the function and into it, as the function's own user; gives the codes of the refusals. */
  tryToWrite(): Promise<readonly string[]>
}

export interface FunctionProcess {
  readonly child: ChildProcess
  /** All that was printed so far. */
  output(): string
  kill(): Promise<void>
}

export async function layOutFunction(): Promise<FunctionHost> {
  const packaged = await packageStage()
  const properties = packaged.template.Resources['ArchiveLambdaFunction']?.Properties ?? {}
  const zip = unzip(await readFile(join(packaged.directory, 'archive.zip')))
  await packaged.remove()
  const asRoot = process.getuid?.() === 0
  const directory = await mkdtemp(join(await findOpenFolder(asRoot), 'function-'))
  const task = join(directory, 'task')
  const runtime = join(directory, 'runtime')
  const node = join(runtime, 'node')
  await mkdir(task)
  await mkdir(runtime)
  const folders = new Set([task])
  const files: string[] = []
  for (const [name, body] of zip) {
    const file = join(task, name)
    for (let folder = dirname(file); !folders.has(folder); folder = dirname(folder)) folders.add(folder)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, body)
    files.push(file)
  }
  await copyFile(RUNTIME, join(runtime, 'index.mjs'))
  await copyFile(NATIVE_CLIENT, join(runtime, 'rapid-client.ts'))
  await copyFile(LOOPBACK_ONLY, join(runtime, 'loopback-only.ts'))
  // Whoever runs the tests may have Node where nobody else can read it.
  await copyFile(process.execPath, node)
  // Root passes over these modes, but the function does not run as root.
  for (const [path, mode] of [
    ...files.map((file) => [file, 0o444] as const),
    ...[...folders].map((folder) => [folder, 0o555] as const),
    [node, 0o555],
    [runtime, 0o555],
    [directory, 0o555],
  ] as const)
    await chmod(path, mode)
  const variables = (at(properties, 'Environment.Variables') ?? {}) as Record<string, Json>
  const deployed: Record<string, string> = {}
  for (const [name, value] of Object.entries(variables))
    if (typeof value === 'string' || typeof value === 'number') deployed[name] = `${value}`
  const handler = text(properties['Handler'])
  const who = asRoot ? { uid: NOBODY, gid: NOBODY } : {}
  // The runtime asks for a native module: this names the stand-in in its place.
  const preload = `data:text/javascript,${encodeURIComponent(STAND_IN)}`

  return {
    deployed,
    start(runtimeApi, environment) {
      const env = {
        ...environment,
        AWS_LAMBDA_RUNTIME_API: runtimeApi,
        LAMBDA_TASK_ROOT: task,
        _HANDLER: handler,
      }
      const watch = join(runtime, 'loopback-only.ts')
      const args = ['--import', watch, '--import', preload, join(runtime, 'index.mjs'), handler]
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
    async tryToWrite() {
      const script = `
        const { writeFileSync } = require('node:fs')
        const codes = process.argv.slice(1).map((path) => {
          try {
            writeFileSync(path, 'changed', { flag: 'a' })
            return 'written'
          } catch ({ code }) {
            return code
          }
        })
        console.log(codes.join())`
      const places = [join(task, 'new.txt'), join(dirname(files[0] ?? task), 'new.txt'), ...files]
      const { stdout } = await run(node, ['-e', script, ...places], { cwd: task, env: {}, ...who })
      return stdout.trim().split(',')
    },
    async [Symbol.asyncDispose]() {
      for (const path of [directory, ...folders, runtime]) await chmod(path, 0o755)
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
