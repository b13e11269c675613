import { expect } from 'vitest'
import { keysOf, type World } from './world.ts'

/** The versions in the bucket that belong to a recording, by key; the catalog's rows aside. */
export async function versionsOf(world: World, id: string): Promise<string[]> {
  return (await world.keys()).filter((key) => key.includes(id))
}

/** The catalog's rows of a recording. */
export async function rowsOf(world: World, id: string): Promise<Record<string, unknown>[]> {
  const segments = (await world.keys()).filter((key) => key.startsWith('catalog/'))
  const texts = await Promise.all(segments.map(async (key) => (await world.get(key)).toString()))
  return texts
    .flatMap((text) => text.trim().split('\n'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((row) => row['recording_id'] === id)
}

/** Asserts that a recording is in the archive once: the bytes, one version of each object, its row, and no upload left. */
export async function expectArchivedOnce(
  world: World,
  recording: { readonly id: string; readonly audio: Uint8Array; readonly sha256: string },
): Promise<Awaited<ReturnType<World['json']>>> {
  const { id, audio, sha256 } = recording
  const { audio: audioKey, sidecar: sidecarKey } = keysOf(id)
  expect(await versionsOf(world, id)).toEqual([sidecarKey, audioKey])
  expect((await world.get(audioKey)).equals(audio)).toBe(true)
  const sidecar = await world.json(sidecarKey)
  expect(sidecar['audio']).toMatchObject({ key: audioKey, bytes: audio.length, sha256 })
  const rows = await rowsOf(world, id)
  expect(new Set(rows.map((row) => row['audio_sha256']))).toEqual(new Set([sha256]))
  expect(await world.unfinishedUploads()).toEqual([])
  return sidecar
}

/** Asserts that nothing of a recording is in the archive, nor on its way there. */
export async function expectNothingOf(world: World, id: string): Promise<void> {
  expect(await versionsOf(world, id)).toEqual([])
  expect(await rowsOf(world, id)).toEqual([])
  expect(await world.unfinishedUploads()).toEqual([])
}

/** The dead letter of a recording, with its attributes as plain text. */
export async function deadLettersOf(
  world: World,
  id: string,
): Promise<{ body: string; attributes: Record<string, string | undefined> }[]> {
  const messages = await world.received('dead-letters')
  return messages
    .filter(({ Body = '' }) => Body.includes(id))
    .map(({ Body = '', MessageAttributes = {} }) => ({
      body: Body,
      attributes: Object.fromEntries(
        Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]),
      ),
    }))
}
