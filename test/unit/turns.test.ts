import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createTurns } from '../../lib/sqs/turns.ts'

/** Lets everything go on that waits for nothing but itself. */
const settle = async (): Promise<void> => {
  for (let count = 0; count < 5; count++) await turn()
}

describe('the turns of a batch', () => {
  it('transfer as many as allowed at once, and look up as many again meanwhile', async () => {
    const turns = createTurns(2)
    const state: string[] = []
    const ends = Array.from({ length: 6 }, () => Promise.withResolvers<void>())
    const works = ends.map(({ promise }, index) =>
      turns.run(async (takeTurn) => {
        state[index] = 'looked up'
        await takeTurn(async () => {
          state[index] = 'transferred'
          await promise
        })
        state[index] = 'over'
      }),
    )
    await settle()
    expect(state).toEqual(['transferred', 'transferred', 'looked up', 'looked up'])
    ends[1]?.resolve()
    await settle()
    expect(state).toEqual(['transferred', 'over', 'transferred', 'looked up', 'looked up'])
    for (const { resolve } of ends) resolve()
    await Promise.all(works)
    expect(state).toEqual(Array.from({ length: 6 }, () => 'over'))
  })

  it('are given up by work that needs none, and by work that fails, which fails alone', async () => {
    const turns = createTurns(1)
    const results = await Promise.allSettled([
      turns.run(async () => 'nothing to transfer'),
      turns.run(() => Promise.reject(new Error('look-up'))),
      turns.run((takeTurn) => takeTurn(() => Promise.reject(new Error('transfer')))),
      turns.run((takeTurn) => takeTurn(async () => 'transferred')),
    ])
    expect(
      results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))),
    ).toEqual(['nothing to transfer', 'Error: look-up', 'Error: transfer', 'transferred'])
  })
})
