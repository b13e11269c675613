import { PutObjectLegalHoldCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asAnna, holdsOf, isHeld, runHere, versionsOf } from '../helpers/kept-state.ts'
import { type Kept, startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { jsonLines } from './command.ts'

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

describe('hold release', () => {
  it('leaves a recording held until its last case is released, and keeps all of them as history', async () => {
    const kept = await world.keep()
    await place('A', kept.id)
    expect(await place('B', kept.id, '--json')).toMatchObject({ code: 0 })
    expect((await release('A', kept.id)).stdout).toMatch(
      new RegExp(`stays held +1\\n  ${kept.id}  stays held: for case B\\n`),
    )
    expect(await holdsOf(world, kept)).toEqual([true, true])
    expect((await release('A', kept.id)).stdout).toMatch(/not held for it +1\n/)
    expect((await release('B', kept.id, '--dry-run')).stdout).toContain('would be released')
    expect(await holdsOf(world, kept)).toEqual([true, true])
    expect((await release('B', kept.id)).stdout).toMatch(/released +1\n/)
    expect(await holdsOf(world, kept)).toEqual([false, false])
    expect(await casesOf(kept)).toMatchObject([
      { caseNumber: 'A', placed: { by: 'anna' }, released: { by: 'anna', reason: 'settled' } },
      { caseNumber: 'B', released: { reason: 'settled' } },
    ])
    expect((await linesOf(kept)).map(({ action }) => action)).toEqual([
      'hold-place',
      'hold-place',
      'hold-release',
      'hold-release',
    ])
  })

  it('goes on where it was stopped', async () => {
    const kept = await world.keep()
    await place('4711', kept.id)
    world.faults = ({ operation, key }) =>
      operation === 'PutObjectLegalHold' && key === kept.sidecarKey
        ? { kind: 'error', status: 500, code: 'InternalError' }
        : undefined
    expect((await release('4711', kept.id)).code).toBe(1)
    expect(await holdsOf(world, kept)).toEqual([false, true])
    world.faults = () => undefined
    expect((await release('4711', kept.id)).code).toBe(0)
    expect(await holdsOf(world, kept)).toEqual([false, false])
    expect((await release('4711', kept.id)).stdout).toMatch(/not held for it/)
  })

  it('releases the versions that were held, whatever lies on top of them, which no hold is for', async () => {
    const kept = await world.keep()
    const sidecar = await world.text(kept.sidecarKey)
    await place('4711', kept.id)
    await world.put(kept.sidecarKey, sidecar)
    expect(await holdsOf(world, kept)).toEqual([true, false])
    expect((await place('4711', kept.id)).stdout).toMatch(/ held already +1\n/)
    expect(await holdsOf(world, kept)).toEqual([true, false])
    await release('4711', kept.id)
    const versions = await versionsOf(world, kept.sidecarKey)
    expect(versions).toHaveLength(2)
    for (const version of versions) expect(await isHeld(world, kept.sidecarKey, version)).toBe(false)
  })

  it('leaves alone what somebody else had held before', async () => {
    const kept = await world.keep()
    await world.client.send(
      new PutObjectLegalHoldCommand({ Bucket: 'archive', Key: kept.audioKey, LegalHold: { Status: 'ON' } }),
    )
    await place('4711', kept.id)
    expect((await release('4711', kept.id, '--json')).stdout).toContain('whoever did that has to release it')
    expect(await holdsOf(world, kept)).toEqual([true, false])
  })
})

describe('hold list', () => {
  it('shows what is held for a case, with who and why; and what was, if asked', async () => {
    const [kept, former] = [await world.keep(), await world.keep()]
    await place('L-1', kept.id, former.id)
    await release('L-1', former.id)
    const held = await asList('--case', 'L-1')
    expect(held.stdout).toMatch(
      new RegExp(`${kept.id}  ours\n  case L-1, since \\d{4}-\\d\\d-\\d\\d by anna: court order\n`),
    )
    expect(held.stdout).not.toContain(former.id)
    expect((await asList('--case', 'L-1', '--all')).stdout).toMatch(
      /released \d{4}-\d\d-\d\d by anna: settled/,
    )
    const [line] = jsonLines((await asList('--case', 'L-1', '--json')).stdout)
    expect(line).toMatchObject({ recordingId: kept.id, cases: [{ caseNumber: 'L-1' }] })
  })

  it('finds with --check a hold that somebody has taken off, and documents that cannot be read', async () => {
    const kept = await world.keep()
    await place('L-2', kept.id)
    await world.client.send(
      new PutObjectLegalHoldCommand({ Bucket: 'archive', Key: kept.audioKey, LegalHold: { Status: 'OFF' } }),
    )
    expect(await asList('--case', 'L-2')).toMatchObject({ code: 0 })
    const checked = await asList('--case', 'L-2', '--check', '--json')
    expect(checked.code).toBe(1)
    expect(jsonLines(checked.stdout)[0]).toMatchObject({
      faults: [expect.stringContaining(`NO hold on ${kept.audioKey}`)],
    })
    await world.put('holds/ours/00000000-0000-4000-8000-000000000000.json', '{}')
    expect(await asList()).toMatchObject({ code: 1, stderr: expect.stringContaining('has an unknown form') })
  })
})

const asList = (...args: string[]) => runHere(world, 'hold', 'list', ...args)
