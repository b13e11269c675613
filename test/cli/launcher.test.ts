import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

const repository = join(import.meta.dirname, '..', '..')

/** Makes the Node that runs the launcher believe that it is an old one; the Node that it starts is not told. */
const OLD_NODE = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '20.19.0' } })`

/** Stands where the command line stands and does what its first argument says. */
const PROGRAM = `
export async function main([order, ...rest]: string[]): Promise<number> {
  console.log(order, ...rest, process.versions.node.split('.')[0])
  if (order === 'environment') console.log(JSON.stringify(process.env))
  if (order === 'die') process.kill(process.pid, 'SIGKILL')
  if (order === 'fail') {
    console.error('failed')
    return Number(rest[0])
  }
  if (order === 'echo') for await (const chunk of process.stdin) process.stdout.write(chunk)
  if (order === 'wait') {
    const awake = setInterval(() => {}, 60_000)
    const signal = await new Promise((resolve) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, resolve)
      console.log('ready')
    })
    clearInterval(awake)
    console.log('stopped by', signal)
  }
  return 0
}`

let home = ''
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'launcher-'))
  for (const folder of ['whole', 'bare']) {
    await mkdir(join(home, folder))
    await copyFile(join(repository, 'lib/cli/bird-archive.js'), join(home, folder, 'bird-archive.js'))
    await writeFile(join(home, folder, 'cli.ts'), PROGRAM)
    await writeFile(join(home, folder, 'package.json'), '{"type":"module"}')
  }
  await symlink(join(repository, 'node_modules'), join(home, 'whole', 'node_modules'), 'dir')
})
afterAll(() => rm(home, { recursive: true, force: true }))

/** Starts the launcher on an "old" Node and gathers what it and its child print until both are gone. */
function launch(args: string[], { folder = 'whole', input = '' } = {}) {
  const child = spawn(process.execPath, [
    '--import',
    OLD_NODE,
    join(home, folder, 'bird-archive.js'),
    ...args,
  ])
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      stdout += text.toString()
      if (stdout.includes('ready')) resolve()
    })
  })
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  child.stdin.end(input)
  const done = once(child, 'close').then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
    stdout,
    stderr,
  }))
  return { child, ready, done }
}

test('an old Node hands over to the Node that npm installed, with arguments, streams and exit code', async () => {
  expect(await launch(['fail', '7', 'a b']).done).toEqual({
    code: 7,
    signal: null,
    stdout: 'fail 7 a b 24\n',
    stderr: 'failed\n',
  })
  expect(await launch(['echo'], { input: 'through' }).done).toMatchObject({
    code: 0,
    stdout: 'echo 24\nthrough',
  })
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s reaches the program', async (name) => {
  const { child, ready, done } = launch(['wait'])
  await ready
  child.kill(name)
  expect(await done).toMatchObject({ code: 0, stdout: `wait 24\nready\nstopped by ${name}\n` })
})

test('a program that a signal killed is reported the way a shell does', async () => {
  expect(await launch(['die']).done).toMatchObject({ code: 137, stdout: 'die 24\n' })
})

test('a launcher that is killed outright takes the program with it', async () => {
  const { child, ready, done } = launch(['wait'])
  await ready
  child.kill('SIGKILL')
  expect(await done).toMatchObject({ signal: 'SIGKILL', stdout: 'wait 24\nready\nstopped by SIGTERM\n' })
})

test('the program finds no trace of the launcher in its environment', async () => {
  const { code, stdout } = await launch(['environment']).done
  expect(code).toBe(0)
  const inherited = Object.keys(process.env)
  const found = Object.keys(JSON.parse(stdout.split('\n')[1] ?? '') as object)
  expect(found.filter((name) => !inherited.includes(name) && !name.startsWith('NODE_CHANNEL'))).toEqual([])
})

test('without a Node 24 it says what to do and exits with 2', async () => {
  const { code, stdout, stderr } = await launch(['fail', '7'], { folder: 'bare' }).done
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('needs Node 24 or newer')
  expect(stderr).toContain('npm ci')
})
