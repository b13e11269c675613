import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { composeKeeper, type Keeper } from '../../lib/compose-keep.ts'
import { openCases, readHolds } from '../../lib/retrieve/hold.ts'
import { holdsOf, versionsOf } from '../helpers/kept-state.ts'
import { impatientClock, NEVER } from '../helpers/retrieve-run.ts'
import { type GateRequest, type S3Gate, startS3Gate } from '../helpers/s3-gate.ts'
import { type Kept, startVaultWorld, VAULT_WORKSPACE, type VaultWorld } from '../helpers/vault-world.ts'

let world: VaultWorld
let gate: S3Gate
let keeper: Keeper
beforeAll(async () => {
  world = await startVaultWorld()
  gate = await startS3Gate()
  keeper = composeKeeper(world.config, impatientClock)
})
afterAll(async () => {
  await keeper.close()
  await gate[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})
beforeEach(() => {
  world.faults = () => undefined
})

async function keep() {
  const kept = await world.keep()
  const [versionId] = await versionsOf(world, kept.sidecarKey)
  const versions = [
    { key: kept.audioKey, versionId: kept.versionId },
    { key: kept.sidecarKey, versionId },
  ]
  const orderOf = (caseNumber: string) => ({
    workspaceId: VAULT_WORKSPACE,
    recordingId: kept.id,
    caseNumber,
    act: { at: new Date(), by: 'anna', reason: `for ${caseNumber}` },
  })
  return {
    kept,
    place: (caseNumber: string) => keeper.holds.place({ ...orderOf(caseNumber), versions }, NEVER),
    release: (caseNumber: string) => keeper.holds.release(orderOf(caseNumber), NEVER),
  }
}

async function openCasesOf({ id }: Kept): Promise<string[]> {
  const read = readHolds(await world.text(`holds/${VAULT_WORKSPACE}/${id}.json`))
  if (!read.ok) throw new Error(read.reason)
  return openCases(read.holds)
    .map(({ caseNumber }) => caseNumber)
    .toSorted()
}

it('cases that are placed at the same moment are all kept', async () => {
  const { kept, place, release } = await keep()
  const cases = ['A', 'B', 'C', 'D', 'E']
  await Promise.all(cases.map(place))
  expect(await openCasesOf(kept)).toEqual(cases)
  expect(await holdsOf(world, kept)).toEqual([true, true])
  await Promise.all(cases.map(release))
  expect(await openCasesOf(kept)).toEqual([])
  expect(await holdsOf(world, kept)).toEqual([false, false])
})

it('a recording stays held that is placed for one case while it is released from another', async () => {
  for (let round = 0; round < 10; round++) {
    const { kept, place, release } = await keep()
    await place('A')
    await Promise.all([release('A'), place('B')])
    expect(await openCasesOf(kept)).toEqual(['B'])
    expect(await holdsOf(world, kept)).toEqual([true, true])
    expect(await release('B')).toMatchObject({ kind: 'lift' })
    expect(await holdsOf(world, kept)).toEqual([false, false])
  }
})

it('a recording stays held for which a case is placed between the releases of its two objects', async () => {
  const { kept, place, release } = await keep()
  await place('A')
  let placing: Promise<unknown> | undefined
  world.faults = ({ operation, key }) => {
    if (operation === 'PutObjectLegalHold' && key === kept.sidecarKey) placing ??= place('B')
    return undefined
  }
  await release('A')
  await placing
  world.faults = () => undefined
  expect(placing).toBeDefined()
  expect(await openCasesOf(kept)).toEqual(['B'])
  expect(await holdsOf(world, kept)).toEqual([true, true])
  await release('B')
  expect(await holdsOf(world, kept)).toEqual([false, false])
})

/** Reading the hold of an object (GET), or setting it (PUT). */
const isHoldOf =
  (method: 'GET' | 'PUT', key: string) =>
  (request: GateRequest): boolean =>
    request.method === method && request.key === key && request.query.has('legal-hold')
const UNAVAILABLE = { kind: 'error', status: 503, code: 'ServiceUnavailable' } as const

it('a recording stays held for which a case is placed while a release fails halfway', async () => {
  const { kept, place, release } = await keep()
  await place('A')
  const isPlaced = gate.before(isHoldOf('PUT', kept.audioKey), async () => {
    await place('B')
    expect(await holdsOf(world, kept)).toEqual([true, true])
  })
  world.faults = ({ operation, key }) =>
    operation === 'PutObjectLegalHold' && key === kept.sidecarKey ? UNAVAILABLE : undefined
  expect(await release('A')).toEqual({ kind: 'stays', others: ['B'], missing: [] })
  expect(isPlaced()).toBe(true)
  expect(await openCasesOf(kept)).toEqual(['B'])
  expect(await holdsOf(world, kept)).toEqual([true, true])
})

it.each([
  ['ServiceUnavailable', 503],
  ['AccessDenied', 403],
])(
  'a recording that cannot be held again (%s) is named, and held when the release is repeated',
  async (code, status) => {
    const { kept, place, release } = await keep()
    await place('A')
    const isPlaced = gate.before(isHoldOf('PUT', kept.audioKey), async () => {
      await place('B')
      let puts = 0
      world.faults = ({ operation }) =>
        operation === 'PutObjectLegalHold' && ++puts > 1 ? { kind: 'error', code, status } : undefined
    })
    await expect(release('A')).rejects.toThrow(
      new RegExp(`${code}.*until it is run again, not all is held for case B`),
    )
    expect(isPlaced()).toBe(true)
    expect(await holdsOf(world, kept)).toEqual([false, true])
    world.faults = () => undefined
    expect(await release('A')).toEqual({ kind: 'restore', others: ['B'], missing: [] })
    expect(await holdsOf(world, kept)).toEqual([true, true])
    expect(await release('A')).toEqual({ kind: 'not-held', missing: [] })
    await release('B')
    expect(await holdsOf(world, kept)).toEqual([false, false])
  },
)

it('nothing counts as held before that another case held while this one was placed', async () => {
  const { kept, place, release } = await keep()
  const isPlaced = gate.before(isHoldOf('GET', kept.audioKey), () => place('A'))
  const isReleased = gate.before(
    ({ method, key }) => isPlaced() && method === 'PUT' && key.startsWith('holds/'),
    () => release('A'),
  )
  await place('B')
  expect([isPlaced(), isReleased()]).toEqual([true, true])
  expect(await openCasesOf(kept)).toEqual(['B'])
  expect(await holdsOf(world, kept)).toEqual([true, true])
  await release('B')
  expect(await holdsOf(world, kept)).toEqual([false, false])
})

it('nothing stays held by a release that sees another case open which is released meanwhile', async () => {
  const { kept, place, release } = await keep()
  await place('A')
  await place('B')
  const isReleased = gate.before(isHoldOf('GET', kept.audioKey), () => release('B'))
  expect(await release('A')).toMatchObject({ kind: 'lift' })
  expect(isReleased()).toBe(true)
  expect(await holdsOf(world, kept)).toEqual([false, false])
})

it('nothing is held, and that is said, for a case that is released while it is placed', async () => {
  const { kept, place, release } = await keep()
  const isReleased = gate.before(isHoldOf('PUT', kept.audioKey), () => release('A'))
  await expect(place('A')).rejects.toThrow('somebody has released it from the case meanwhile')
  expect(isReleased()).toBe(true)
  expect(await openCasesOf(kept)).toEqual([])
  expect(await holdsOf(world, kept)).toEqual([false, false])
})
