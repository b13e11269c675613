import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeAccess } from '../../lib/retrieve/access.ts'
import { createRetrieveKeys } from '../../lib/retrieve/keys.ts'
import { asAnna } from '../helpers/kept-state.ts'
import { unzip } from '../helpers/unzip.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { jsonLines } from './command.ts'

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

describe('an export of what somebody has tampered with', () => {
  it('has what was archived, and says so', async () => {
    const kept = await world.keep()
    const sidecar = await world.text(kept.sidecarKey)
    await world.put(kept.sidecarKey, sidecar.replaceAll(kept.sha256, '0'.repeat(64)))
    const { code, stderr } = await export_(kept.id)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /its sidecar cannot be relied on: it was written over .*; this is what was archived/,
    )
    const files = unzip(await readFile(output))
    const [audio, text] = ['.mp3', '.json'].map((end) =>
      files.get([...files.keys()].find((name) => name.endsWith(`${kept.id}${end}`)) ?? ''),
    )
    expect(audio?.equals(kept.audio)).toBe(true)
    expect(String(text)).toBe(sidecar)
    expect(String(files.get('index.html'))).toContain(
      '1 of 1 recordings are missing or not as they were archived',
    )
  })
})

describe('an export of a list', () => {
  it('looks for a recording in each workspace that the list names for it', async () => {
    const kept = await world.keep({ workspaceId: 'theirs' })
    const list = join(directory, 'ids.csv')
    for (const places of [
      ['theirs', 'others'],
      ['others', 'theirs'],
    ]) {
      await writeFile(list, ['id,workspaceId', ...places.map((place) => `${kept.id},${place}`)].join('\n'))
      expect((await export_('--ids', list, '--force')).code).toBe(0)
      const names = [...unzip(await readFile(output)).keys()]
      expect(names.filter((name) => name.endsWith(`${kept.id}.mp3`))).toHaveLength(1)
    }
  })

  it('finds what is in a workspace whose id is written in capitals', async () => {
    const workspaceId = 'bc178168-6ce1-44fb-b11e-e66fdd987579'
    const kept = await world.keep({ workspaceId })
    const list = join(directory, 'ids.csv')
    await writeFile(list, `id,workspaceId\n${kept.id},${workspaceId.toUpperCase()}`)
    expect((await export_('--ids', list)).code).toBe(0)
  })
})

describe('the access log in an export', () => {
  const CALL = { createdAt: '2026-04-03T09:00:00Z' }
  const put = async (recordingId: string, at: string, reason: string): Promise<string> => {
    const record = {
      id: randomUUID(),
      at: new Date(at),
      action: 'get' as const,
      actor: 'bert',
      reason: 'R',
      via: 'terminal' as const,
      workspaceId: 'ours',
      recordingIds: [recordingId],
    }
    const key = createRetrieveKeys('').access(record.at, record.id)
    await world.put(key, writeAccess(record).replace('"R"', JSON.stringify(reason)))
    return key
  }
  const reasons = async (): Promise<unknown[]> =>
    jsonLines(String(unzip(await readFile(output)).get('access.ndjson'))).map(({ reason }) => reason)

  it('has the lines of who had a clock that was two days slow', async () => {
    const kept = await world.keep({ metadata: CALL })
    await put(kept.id, '2026-04-01T09:00:00Z', 'a clock that was slow')
    await put(kept.id, '2026-04-03T10:00:00Z', 'a clock that was right')
    expect((await export_(kept.id)).code).toBe(0)
    expect(await reasons()).toEqual(['a clock that was slow', 'a clock that was right', 'court order'])
  })

  it('names a line that this program cannot have written, and has the others', async () => {
    const kept = await world.keep({ metadata: CALL })
    const key = await put(kept.id, '2026-04-03T11:00:00Z', 'a\nb')
    expect(await export_(kept.id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${key}: it names a recording and is not in the export`),
    })
    expect(await reasons()).toEqual(['court order'])
  })
})
