import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startScene } from '../helpers/backfill-kill.ts'

vi.setConfig({ testTimeout: 3_600_000, hookTimeout: 180_000 })

/**
 * The program is killed after each of its changes. Before a request the world is as it was after the last change, so that there
 * every so many-th is enough; with EVERY_KILL=yes it is each.
 */
const STRIDE = process.env['EVERY_KILL'] === 'yes' ? 1 : 6
/** Letters that a killed run has read stay hidden for a quarter of an hour, so the next one does not know of them. */
const HIDES_LETTERS = /ReceiveMessage|ChangeMessageVisibility/

let cache: string
/** What a run asks that nobody disturbs. */
let requests: readonly string[]
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'backfill-kill-'))
  await using scene = await startScene(cache)
  await scene.runToEnd('apart')
  requests = [...scene.fronts.requests]
  await scene.expectAllAccounted()
  await scene.expectAllAttested()
})
afterAll(() => rm(cache, { recursive: true, force: true }))

const changes = (request: string): boolean =>
  /^(S3 (PUT|POST|DELETE)|SQS (Receive|Change|Send))/.test(request)

describe('a backfill that is killed and run again forgets nothing, and sends nothing else:', () => {
  test('killed before any of its requests has had its effect', async () => {
    const chosen = numbersOf((_, index) => index % STRIDE === 0)
    for (const at of chosen) await expectRecovery(at, 'before')
    tell(chosen, 'before')
  })

  test('killed after any of its changes, before it hears of it', async () => {
    const chosen = numbersOf(changes)
    for (const at of chosen) await expectRecovery(at, 'after')
    tell(chosen, 'after')
  })
})

test('a backfill that is killed again and again comes to its end', async () => {
  await using scene = await startScene(cache)
  const kills = [20, 24, 28, 32, 36]
  const struck: string[] = []
  for (const at of kills) struck.push(await scene.runUntil(at, at % 8 === 0 ? 'before' : 'after'))
  expect(struck).toHaveLength(kills.length)
  await scene.runToEnd()
  await scene.expectAllAccounted()
  await scene.expectAllAttested()
})

async function expectRecovery(at: number, when: 'before' | 'after'): Promise<void> {
  await using scene = await startScene(cache)
  const request = await scene.runUntil(at, when)
  try {
    await scene.runToEnd()
    await scene.expectAllAccounted(HIDES_LETTERS.test(request))
    await scene.expectAllAttested()
  } catch (cause) {
    throw new Error(`killed ${when} request ${at} of ${requests.length}: ${request}`, { cause })
  }
}

function numbersOf(isChosen: (request: string, index: number) => boolean): number[] {
  return requests.flatMap((request, index) => (isChosen(request, index) ? [index + 1] : []))
}

function tell(chosen: readonly number[], when: string): void {
  expect(chosen.length).toBeGreaterThan(10)
  process.stdout.write(`killed ${when} ${chosen.length} of ${requests.length} requests\n`)
}
