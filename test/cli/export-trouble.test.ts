import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asAnna } from '../helpers/kept-state.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'

let world: VaultWorld
let directory: string
let output: string
beforeAll(async () => {
  world = await startVaultWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'export-'))
  output = join(directory, 'case.zip')
  world.faults = () => undefined
  world.requests.length = 0
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const export_ = (...args: string[]) =>
  asAnna(world, 'export', '-o', output, '--reason', 'court order', ...args)

describe('an export whose credentials expire', () => {
  it.each(['ExpiredToken', 'TokenRefreshRequired', 'RequestExpired'])(
    'asks for nothing more, and says so (%s)',
    async (code) => {
      const [one, two] = [await world.keep(), await world.keep()]
      let isExpired = false
      world.faults = ({ operation, key }) => {
        isExpired ||= operation === 'GetObject' && key === one.audioKey
        return isExpired ? { kind: 'error', status: 400, code } : undefined
      }
      const end = await export_(one.id, two.id)
      expect(end).toMatchObject({ code: 2, stderr: expect.stringContaining('expired: sign in again') })
      expect(new Set(world.requests.slice(world.requests.indexOf(`GetObject ${one.audioKey}`)))).toEqual(
        new Set([`GetObject ${one.audioKey}`]),
      )
      expect(await readdir(directory)).toEqual([])
    },
  )
})
