import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keysOf, startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('a recording that is available', () => {
  it('lies in the bucket byte for byte, with its sidecar and its row in the catalog, and its message is acknowledged', async () => {
    const { id, audio, sha256 } = await world.addRecording()
    const { failed } = await world.run([id])
    expect(failed).toEqual([])
    expect(await world.get(keysOf(id).audio)).toEqual(audio)
    const sidecar = await world.json(keysOf(id).sidecar)
    expect(sidecar['audio']).toMatchObject({
      key: keysOf(id).audio,
      bytes: audio.length,
      sha256,
      verifiedBy: 'checksum',
    })
    const catalog = (await world.keys()).filter((key) => key.startsWith('catalog/'))
    expect(catalog).toHaveLength(1)
    expect(JSON.parse((await world.get(catalog[0] ?? '')).toString())).toMatchObject({
      recording_id: id,
      audio_sha256: sha256,
      from_number: '15550100123',
    })
  })
})
