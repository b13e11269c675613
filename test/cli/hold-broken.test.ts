import { DeleteObjectCommand, PutObjectLegalHoldCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asAnna, holdsOf, isHeld, runHere } from '../helpers/kept-state.ts'
import { type Kept, startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { jsonLines } from './command.ts'

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.faults = () => undefined
})

const place = (caseNumber: string, ...args: string[]) =>
  asAnna(world, 'hold', 'place', '--case', caseNumber, '--reason', 'court order', ...args)
const release = (caseNumber: string, ...args: string[]) =>
  asAnna(world, 'hold', 'release', '--case', caseNumber, '--reason', 'settled', ...args)
const check = (...args: string[]) => runHere(world, 'hold', 'list', '--check', ...args)
const takeOff = (Key: string) =>
  world.client.send(new PutObjectLegalHoldCommand({ Bucket: 'archive', Key, LegalHold: { Status: 'OFF' } }))
/** By other means than this program, as who may do anything can. */
async function deleteAudio({ audioKey: Key, versionId: VersionId }: Kept): Promise<string> {
  await takeOff(Key)
  await world.client.send(new DeleteObjectCommand({ Bucket: 'archive', Key, VersionId }))
  return `${Key}, version ${VersionId} is GONE, although it was to be held`
}

describe('a held version that somebody has deleted', () => {
  it('is named when another case is placed, and what is still there is held for it', async () => {
    const kept = await world.keep()
    await place('G-1', kept.id)
    const gone = await deleteAudio(kept)
    await takeOff(kept.sidecarKey)
    expect((await place('G-2', kept.id, '--dry-run')).stdout).toContain(`would be held: ${gone}`)
    const second = await place('G-2', kept.id, '--json')
    expect(second.code).toBe(1)
    expect(jsonLines(second.stdout)[0]).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining(gone),
      ok: false,
    })
    expect(await isHeld(world, kept.sidecarKey)).toBe(true)
    const checked = await check('--case', 'G-2')
    expect(checked).toMatchObject({ code: 1, stderr: expect.stringContaining(`${kept.id}: ${gone}`) })
  })

  it('keeps no case from being released, and is named then', async () => {
    const kept = await world.keep()
    await place('G-3', kept.id)
    await place('G-4', kept.id)
    const gone = await deleteAudio(kept)
    const first = await release('G-3', kept.id)
    expect(first).toMatchObject({ code: 1, stdout: expect.stringContaining(`stays held: ${gone}`) })
    expect((await release('G-3', kept.id)).stdout).toContain(`not held for it: ${gone}`)
    expect(await isHeld(world, kept.sidecarKey)).toBe(true)
    expect((await release('G-4', kept.id, '--dry-run')).stdout).toContain(`would be released: ${gone}`)
    const last = await release('G-4', kept.id)
    expect(last).toMatchObject({ code: 1, stdout: expect.stringContaining(`released: ${gone}`) })
    expect(await isHeld(world, kept.sidecarKey)).toBe(false)
    expect(await release('G-4', kept.id)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/not held for it +1\n/),
    })
    expect((await check('--case', 'G-4')).code).toBe(0)
  })

  it('is not taken for gone where the bucket only fails to say', async () => {
    const kept = await world.keep()
    await place('G-5', kept.id)
    world.faults = ({ operation, key }) =>
      operation === 'GetObjectLegalHold' && key === kept.audioKey
        ? { kind: 'error', status: 404, code: 'NoSuchUpload' }
        : undefined
    const failed = await release('G-5', kept.id)
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('failed: read the legal hold') })
    world.faults = () => undefined
    expect(await holdsOf(world, kept)).toEqual([true, true])
  })
})

describe('a release that broke off', () => {
  it('is found by hold list --check, also by its case, and by no other', async () => {
    const kept = await world.keep()
    await place('R-1', kept.id)
    world.faults = ({ operation }) =>
      operation === 'PutObjectLegalHold' ? { kind: 'error', status: 503, code: 'SlowDown' } : undefined
    expect((await release('R-1', kept.id)).code).toBe(1)
    world.faults = () => undefined
    expect(await holdsOf(world, kept)).toEqual([true, true])
    for (const args of [[], ['--case', 'R-1']]) {
      const { code, stdout, stderr } = await check(...args)
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: expect.stringMatching(new RegExp(`${kept.id}  ours\n  case R-1, .*released`)),
      })
      for (const key of [kept.audioKey, kept.sidecarKey])
        expect(stderr).toMatch(
          new RegExp(`${kept.id}: ${key}, version \\S+ is still held, its last case is released`),
        )
    }
    expect(await check('--case', 'R-2')).toMatchObject({ code: 0, stdout: '' })
    expect((await release('R-1', kept.id)).stdout).toMatch(/released +1\n/)
    expect(await check('--case', 'R-1')).toMatchObject({ code: 0, stdout: '' })
  })

  it('goes on with the other object, and again where it was stopped', async () => {
    const kept = await world.keep()
    await place('R-3', kept.id)
    world.faults = ({ operation, key }) =>
      operation === 'PutObjectLegalHold' && key === kept.audioKey
        ? { kind: 'error', status: 503, code: 'SlowDown' }
        : undefined
    expect((await release('R-3', kept.id)).code).toBe(1)
    expect(await holdsOf(world, kept)).toEqual([true, false])
    world.faults = () => undefined
    expect((await release('R-3', kept.id)).stdout).toMatch(/released +1\n/)
    expect(await holdsOf(world, kept)).toEqual([false, false])
  })

  it('leaves no recording without its hold for which another case is open, once it is repeated', async () => {
    const kept = await world.keep()
    await place('R-4', kept.id)
    await place('R-5', kept.id)
    expect((await release('R-4', kept.id)).stdout).toMatch(/stays held +1\n/)
    await takeOff(kept.audioKey)
    expect((await place('R-5', kept.id, '--dry-run')).stdout).toContain('would be held')
    const dry = await release('R-4', kept.id, '--dry-run')
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringMatching(/would be held again: .*case R-5/) })
    expect(await holdsOf(world, kept)).toEqual([false, true])
    const again = await release('R-4', kept.id)
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/held again +1\n/) })
    expect(await holdsOf(world, kept)).toEqual([true, true])
    expect((await release('R-4', kept.id)).stdout).toMatch(/not held for it +1\n/)
  })

  it('of one case leaves nothing unheld that is released from another of two', async () => {
    const kept = await world.keep()
    await place('R-6', kept.id)
    await place('R-7', kept.id)
    await takeOff(kept.audioKey)
    expect((await release('R-6', kept.id)).stdout).toMatch(/stays held +1\n/)
    expect(await holdsOf(world, kept)).toEqual([true, true])
  })
})
