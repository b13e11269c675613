import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce } from '../helpers/archived.ts'
import type { Reply } from '../helpers/bird-double.ts'
import { startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('while a recording is transferred', () => {
  it('the metadata of the next one is fetched, but no link to it: that lives for minutes only', async () => {
    const [first, second] = [await world.addRecording(), await world.addRecording()]
    const asked = Promise.withResolvers<void>()
    const { metadata = [] } = world.bird.scripts.get(second.id) ?? {}
    const [answer] = metadata
    metadata.splice(0, 1, async (request) => {
      asked.resolve()
      return typeof answer === 'function' ? await answer(request) : (answer as Reply)
    })
    // The first one's transfer waits for its link until the second one has been looked up.
    const { link = [] } = world.bird.scripts.get(first.id) ?? {}
    const [redirect] = link
    let linksOfSecond: number | undefined
    link.splice(0, 1, async (request) => {
      await asked.promise
      linksOfSecond = world.bird.requests.filter(({ path }) => path.endsWith(`${second.id}.mp3`)).length
      return typeof redirect === 'function' ? await redirect(request) : (redirect as Reply)
    })

    const { failed } = await world.run([first.id, second.id], { environment: { CONCURRENCY: '1' } })
    expect(failed).toEqual([])
    expect(linksOfSecond).toBe(0)
    await expectArchivedOnce(world, first)
    await expectArchivedOnce(world, second)
  })
})
