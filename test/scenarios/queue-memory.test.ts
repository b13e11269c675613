import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce } from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('sixteen conferences at once in a function of 512 MB', () => {
  it('are all archived, each with its own bytes', async ({ annotate }) => {
    const recordings = await Promise.all(
      Array.from({ length: 16 }, (_, seed) => world.addRecording({ audio: buildLargeAudio(12, 100 + seed) })),
    )
    const before = process.memoryUsage.rss()
    const { failed } = await world.run(
      recordings.map(({ id }) => id),
      { environment: { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512' } },
    )
    const grownMiB = Math.round((process.resourceUsage().maxRSS * 1024 - before) / 1024 / 1024)
    await annotate(
      `peak RSS ${grownMiB} MiB above the start, servers and 192 MiB of sources in the same process`,
    )
    expect(failed).toEqual([])
    for (const recording of recordings) await expectArchivedOnce(world, recording)
  })
})
