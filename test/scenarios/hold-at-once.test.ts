import { afterAll, beforeAll, expect, it } from 'vitest'
import { composeKeeper, type Keeper } from '../../lib/compose-keep.ts'
import { openCases, readHolds } from '../../lib/retrieve/hold.ts'
import { holdsOf, versionsOf } from '../helpers/kept-state.ts'
import { impatientClock, NEVER } from '../helpers/retrieve-run.ts'
import { type Kept, startVaultWorld, VAULT_WORKSPACE, type VaultWorld } from '../helpers/vault-world.ts'

let world: VaultWorld
let keeper: Keeper
beforeAll(async () => {
  world = await startVaultWorld()
  keeper = composeKeeper(world.config, impatientClock)
})
afterAll(async () => {
  await keeper.close()
  await world[Symbol.asyncDispose]()
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
  let placing: Promise<void> | undefined
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
