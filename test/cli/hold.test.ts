import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asAnna, catalogue, holdsOf, isHeld, runHere } from '../helpers/kept-state.ts'
import { type Kept, startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { jsonLines, start } from './command.ts'

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.faults = () => undefined
  world.requests.length = 0
})

const WHY = ['--reason', 'court order'] as const
const place = (caseNumber: string, ...args: string[]) =>
  asAnna(world, 'hold', 'place', '--case', caseNumber, ...WHY, ...args)
const release = (caseNumber: string, ...args: string[]) =>
  asAnna(world, 'hold', 'release', '--case', caseNumber, '--reason', 'settled', ...args)
const casesOf = async ({ id }: Pick<Kept, 'id'>) =>
  (JSON.parse(await world.text(`holds/ours/${id}.json`)) as { cases: Record<string, unknown>[] }).cases
const linesOf = async ({ id }: Pick<Kept, 'id'>) =>
  (await world.accessLines()).filter(({ recordingIds }) => (recordingIds as string[]).includes(id))

describe('hold place', () => {
  it('holds both objects of a recording, after its line in the access log', async () => {
    const [kept, other] = [await world.keep(), await world.keep()]
    const { code, stdout } = await place('4711', kept.id)
    expect(stdout).toMatch(/1 recording\n +held +1\n/)
    expect(code).toBe(0)
    expect(await holdsOf(world, kept)).toEqual([true, true])
    expect(await holdsOf(world, other)).toEqual([false, false])
    expect(await casesOf(kept)).toEqual([
      {
        caseNumber: '4711',
        placed: { at: expect.any(String), by: 'anna', reason: 'court order' },
        released: null,
      },
    ])
    expect(await linesOf(kept)).toEqual([
      expect.objectContaining({
        action: 'hold-place',
        actor: 'anna',
        reason: 'court order',
        caseNumber: '4711',
      }),
    ])
    const first = world.requests.findIndex((request) => request.startsWith('PutObjectLegalHold'))
    const line = world.requests.findIndex((request) => request.startsWith('PutObject access/'))
    expect(line).toBeGreaterThanOrEqual(0)
    expect(first).toBeGreaterThan(line)
  })

  it('that is interrupted while it looks recordings up has changed nothing, and says so', async () => {
    const kept = await world.keep()
    await catalogue(world, kept)
    const args = ['hold', 'place', '--case', '4711', ...WHY, '--actor', 'anna', '--from', '2020-01-01']
    const command = start(args, { ...world.env, XDG_CACHE_HOME: world.directory })
    world.faults = ({ operation }) => {
      if (operation !== 'ListObjectsV2') return undefined
      command.child.kill('SIGINT')
      return { kind: 'stall' }
    }
    const { code, stderr } = await command.done
    expect([code, stderr.split('\n').at(-2)]).toEqual([
      130,
      'bird-archive: interrupted while recordings were looked up; nothing was changed',
    ])
    expect(await holdsOf(world, kept)).toEqual([false, false])
  })

  it('does nothing twice, and a dry run does nothing at all', async () => {
    const kept = await world.keep()
    const before = await world.keys()
    const dry = await place('4711', kept.id, '--dry-run')
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining(`${kept.id}  would be held`) })
    expect(await holdsOf(world, kept)).toEqual([false, false])
    expect(await world.keys()).toEqual(before)
    await place('4711', kept.id)
    const after = await world.keys()
    world.requests.length = 0
    expect(await place('4711', kept.id)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('held already'),
    })
    expect(await world.keys()).toEqual(after)
    expect(world.requests.filter((request) => request.startsWith('Put'))).toEqual([])
  })

  it('finds them by criteria, and the search and each hold are in the access log', async () => {
    const wanted = await world.keep({ metadata: numberOf('4930123456') })
    const other = await world.keep({ metadata: numberOf('4930999999') })
    await catalogue(world, wanted, other)
    const { code, stdout } = await place('4712', '--number', '+49 30 123456', '--json')
    expect(code).toBe(0)
    expect(jsonLines(stdout)[0]).toMatchObject({ recordingId: wanted.id, outcome: 'held', ok: true })
    expect(await holdsOf(world, wanted)).toEqual([true, true])
    expect(await holdsOf(world, other)).toEqual([false, false])
    const lines = await world.accessLines()
    expect(lines).toContainEqual(
      expect.objectContaining({ action: 'search', caseNumber: '4712', criteria: { number: ['…56'] } }),
    )
    expect(await linesOf(wanted)).toContainEqual(expect.objectContaining({ action: 'hold-place' }))
    expect(JSON.stringify(lines)).not.toContain('30123456')
  })

  it('holds nothing where the line of the access log cannot be written', async () => {
    const kept = await world.keep()
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.startsWith('access/')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    expect((await place('4711', kept.id)).code).toBe(2)
    expect(await holdsOf(world, kept)).toEqual([false, false])
    expect(await world.keys(`holds/ours/${kept.id}`)).toEqual([])
  })

  it('names what it could not hold, and holds that on the next run', async () => {
    const [kept, good] = [await world.keep(), await world.keep()]
    world.faults = ({ operation, key }) =>
      operation === 'PutObjectLegalHold' && key === kept.sidecarKey
        ? { kind: 'error', status: 500, code: 'InternalError' }
        : undefined
    const first = await place('4711', kept.id, good.id, '6e3e7e66-7a53-4c65-a7c8-4f4a2a0c0000')
    expect(first.code).toBe(1)
    expect(first.stdout).toMatch(new RegExp(`${kept.id}  failed: place a legal hold on .*${kept.sidecarKey}`))
    expect(first.stdout).toContain('6e3e7e66-7a53-4c65-a7c8-4f4a2a0c0000  failed: it is not archived in ours')
    expect(await holdsOf(world, good)).toEqual([true, true])
    expect(await holdsOf(world, kept)).toEqual([true, false])
    world.faults = () => undefined
    const check = await asCheck()
    expect(check.code).toBe(1)
    expect(check.stderr).toMatch(new RegExp(`${kept.id}: the bucket shows NO hold on ${kept.sidecarKey}`))
    expect(await place('4711', kept.id, good.id)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/held +1\n +held already +1\n/),
    })
    expect(await holdsOf(world, kept)).toEqual([true, true])
    expect(await casesOf(kept)).toHaveLength(1)
    expect((await asCheck()).code).toBe(0)
  })

  it('holds what is still there of a recording that somebody has deleted, and says so', async () => {
    const kept = await world.keep()
    for (const Key of [kept.audioKey, kept.sidecarKey])
      await world.client.send(new DeleteObjectCommand({ Bucket: 'archive', Key }))
    const { code, stdout } = await place('4711', kept.id)
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /held: its sidecar cannot be relied on: it was deleted on .*: without the delete marker/,
    )
    expect(await isHeld(world, kept.audioKey, kept.versionId)).toBe(true)
    expect(await release('4711', kept.id)).toMatchObject({ code: 0 })
    expect(await isHeld(world, kept.audioKey, kept.versionId)).toBe(false)
  })

  it.each([
    [['--case', '4711'], /say why with --reason/],
    [['--case', ' ', ...WHY], /name it with --case/],
    [['--case', '4711\nx', ...WHY], /line breaks/],
    [WHY, /required option '--case <number>'/],
  ])('is refused with %j', async (args, message) => {
    const kept = await world.keep()
    const { code, stderr } = await asAnna(world, 'hold', 'place', kept.id, ...args)
    expect({ code: code === 0, stderr }).toEqual({ code: false, stderr: expect.stringMatching(message) })
    expect(await holdsOf(world, kept)).toEqual([false, false])
  })

  it('holds nothing where nobody says what', async () => {
    expect(await place('4711')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Which recordings?'),
    })
    expect(await place('4711', '--country', 'DE')).toMatchObject({ code: 2 })
  })
})

const asCheck = () => runHere(world, 'hold', 'list', '--check')

function numberOf(number: string): Record<string, unknown> {
  return { originator: { number: { type: 'pstn', number } } }
}
