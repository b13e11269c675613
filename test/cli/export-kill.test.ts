import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { unzip } from '../helpers/unzip.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { type Command, start } from './command.ts'

let world: VaultWorld
let directory: string
let output: string
beforeAll(async () => {
  world = await startVaultWorld()
  directory = await mkdtemp(join(tmpdir(), 'export-kill-'))
  output = join(directory, 'case.zip')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const startExport = (...ids: string[]): Command =>
  start(['export', ...ids, '-o', output, '--actor', 'anna', '--reason', 'court order'], world.env)

/** Lets the audio stall, and waits until it is asked for. */
async function untilAsked(key: string): Promise<void> {
  await new Promise<void>((resolve) => {
    world.faults = (request) => {
      if (request.operation !== 'GetObject' || request.key !== key) return undefined
      resolve()
      return { kind: 'body', stallAfterBytes: 100_000 }
    }
  })
}

it(
  'an export that is killed leaves no archive, and the next one is whole',
  { timeout: 120_000 },
  async () => {
    const [one, two] = [await world.keep(), await world.keep()]
    const asked = untilAsked(two.audioKey)
    const killed = startExport(one.id, two.id)
    await asked
    killed.child.kill('SIGKILL')
    expect((await killed.done).code).toBeNull()
    expect(await readdir(directory)).toEqual(['case.zip.part'])

    const askedAgain = untilAsked(two.audioKey)
    const stopped = startExport(one.id, two.id)
    await askedAgain
    stopped.child.kill('SIGINT')
    expect(await stopped.done).toMatchObject({ code: 130, stderr: expect.stringContaining('begins anew') })
    expect(await readdir(directory)).toEqual([])

    world.faults = () => undefined
    expect((await startExport(one.id, two.id).done).code).toBe(0)
    expect(await readdir(directory)).toEqual(['case.zip'])
    const sounds = [...unzip(await readFile(output))].filter(([name]) => name.endsWith('.mp3'))
    expect(sounds.map(([, body]) => body.length)).toEqual([one.audio.length, two.audio.length])
    await rm(output)
  },
)

it('an export of 200 MB does not hold them in memory', { timeout: 240_000 }, async () => {
  const sound = Buffer.alloc(20_000_000, 'recorded speech ')
  const kept = []
  for (let index = 0; index < 10; index++) kept.push(await world.keep({ audio: sound }))
  let peakKb = 0
  const running: Command[] = []
  world.faults = ({ operation, key }) => {
    // The last thing that an export does is its second line in the access log.
    if (operation === 'PutObject' && key.startsWith('access/')) peakKb = peakOf(running[0]?.child.pid)
    return undefined
  }
  const command = startExport(...kept.map(({ id }) => id))
  running.push(command)
  expect((await command.done).code).toBe(0)
  process.stderr.write(`peak of an export of 200 MB: ${Math.round(peakKb / 1000)} MB resident\n`)
  expect(peakKb).toBeGreaterThan(0)
  expect(peakKb).toBeLessThan(250_000)
})

/** In kB (1,024 bytes). Source: proc(5), `VmHWM`. */
function peakOf(pid: number | undefined): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'))?.[1])
}
