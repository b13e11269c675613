import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ArchiveConnection, connectArchive } from '../../lib/compose-retrieve.ts'
import type { AccessRecord } from '../../lib/retrieve/access.ts'
import { createRetrieveKeys } from '../../lib/retrieve/keys.ts'
import type { AccessFound } from '../../lib/s3/access-log.ts'
import { versionsOf } from '../helpers/kept-state.ts'
import { impatientClock, NEVER } from '../helpers/retrieve-run.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'

const keys = createRetrieveKeys('')

let world: VaultWorld
let archive: ArchiveConnection
beforeAll(async () => {
  world = await startVaultWorld()
  archive = connectArchive(world.config, impatientClock)
})
afterAll(async () => {
  await archive.close()
  await world[Symbol.asyncDispose]()
})

/** Writes a line on a day of its own. */
let days = 0
async function writeLine() {
  const from = new Date(Date.UTC(2021, 0, (days += 2)))
  const record: AccessRecord = {
    id: archive.newId(),
    at: from,
    action: 'show',
    actor: 'anna',
    reason: 'complaint 4711',
    via: 'terminal',
    workspaceId: 'ours',
    recordingIds: [archive.newId()],
  }
  await archive.accessLog.write(record, NEVER)
  const read = async (): Promise<AccessFound[]> => {
    const to = new Date(from.getTime() + 86_400_000)
    const found = []
    for await (const each of archive.accessLog.read({ from, to, actor: 'anna' }, NEVER)) found.push(each)
    return found
  }
  return { record, key: keys.access(record.at, record.id), read }
}

const remove = (Key: string, VersionId?: string) =>
  world.client.send(
    new DeleteObjectCommand({ Bucket: 'archive', Key, VersionId, BypassGovernanceRetention: true }),
  )

describe('a line of the access log', () => {
  it('that somebody has deleted is shown all the same, and that it was', async () => {
    const { record, key, read } = await writeLine()
    await remove(key)
    expect(await read()).toEqual([
      { kind: 'read', key, record },
      { kind: 'unreadable', key, reason: 'somebody has deleted it: what it said is shown' },
    ])
  })

  it.each([
    ['by one that says otherwise', (text: string) => text.replace('anna', 'nobody')],
    ['by what is no line', () => 'nothing'],
  ])('that somebody has written over %s is shown as it was, and that it was', async (_, change) => {
    const { record, key, read } = await writeLine()
    await world.put(key, change(await world.text(key)))
    expect(await read()).toEqual([
      { kind: 'read', key, record },
      { kind: 'unreadable', key, reason: 'somebody has written over it: what it said is shown' },
    ])
  })

  it('of which nothing but the mark of its deletion is left is told of', async () => {
    const { key, read } = await writeLine()
    const [version] = await versionsOf(world, key)
    await remove(key)
    await remove(key, version)
    expect(await read()).toEqual([
      {
        kind: 'unreadable',
        key,
        reason: 'nothing is left of it: somebody deletes lines of the access log',
      },
    ])
  })

  it('that was written twice, as a lost answer leaves it on some stores, is what it was', async () => {
    const { record, key, read } = await writeLine()
    await world.put(key, await world.text(key))
    expect(await versionsOf(world, key)).toHaveLength(2)
    expect(await read()).toEqual([{ kind: 'read', key, record }])
  })
})
