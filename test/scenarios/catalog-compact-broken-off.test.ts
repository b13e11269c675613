import type { Context } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { composeCompactFunction } from '../../lib/compose-compact.ts'
import { systemClock } from '../../lib/deadline.ts'
import { createJsonLog } from '../../lib/log.ts'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'

const NEVER = new AbortController().signal
const MARCH = { first: '2024-03-01', last: '2024-03-31' }
const DAYS = ['2024-03-01', '2024-03-02'] as const
/** No pause takes any time: what is done again is done at once. */
const clock = {
  ...systemClock,
  pause: (_ms: number, signal: AbortSignal) => Promise.resolve(signal.throwIfAborted()),
}

let world: AthenaWorld

/** Makes a bucket with two days of three segments. */
async function fill(): Promise<void> {
  world = await startAthenaWorld({ filesOfInsert: 2 })
  for (const day of DAYS)
    for (const batch of ['a', 'b', 'c'])
      await world.put(day, batch, [
        rowOf(`${day} ${batch}`, { created_at: `${day}T09:00:00.000Z` }),
        rowOf(`${day} each`, { created_at: `${day}T10:00:00.000Z` }),
      ])
}

/** What both engines find, which is the same, and complete. */
async function found(): Promise<unknown> {
  const byAthena = await world.catalog.search({ workspaceId: WORKSPACE }, { limit: 100 }, NEVER)
  const byDuckDb = await (await world.elsewhere()).search({ workspaceId: WORKSPACE }, { limit: 100 }, NEVER)
  expect(byDuckDb).toEqual(byAthena)
  expect(byAthena).toMatchObject({ complete: true, rows: { length: 8 } })
  return byAthena
}

/** The deployed function, in an instance of its own. */
async function runFunction(): Promise<boolean> {
  const handler = composeCompactFunction(world.env, {
    clock,
    log: createJsonLog(() => undefined, 'error', clock.now),
    writeMetrics: () => undefined,
  })
  const context = { functionName: 'compact', getRemainingTimeInMillis: () => 60_000 } as Context
  const event = { compact: 'all', from: '2024-02-20', to: '2024-03-20' }
  return await handler(event, context).then(
    ({ workspaces }) => workspaces.every(({ failed }) => failed === 0),
    () => false,
  )
}

/** `bird-archive catalog compact`, as far as it touches the bucket. */
async function runCommand(): Promise<boolean> {
  try {
    for await (const end of world.local.compactor.compact(WORKSPACE, MARCH, NEVER))
      if (end.kind === 'failed') return false
    return true
  } catch {
    return false
  }
}

/** Whether a run goes on to do nothing: each day is one file, or some that one INSERT has written. */
async function isCompact(): Promise<boolean> {
  const keys = await world.keys('catalog')
  await runCommand()
  return (await world.keys('catalog')).length === keys.length
}

const RUNS = { 'the function': runFunction, 'the command': runCommand } as const
const REFUSED = { kind: 'error', status: 403, code: 'AccessDenied' } as const

/** Lets the cloud answer so many requests of the program's, S3's and Athena's, and none that come after. */
function endAfter(answered: number, isLastAnswerLost: boolean): { readonly seen: () => number } {
  let seen = 0
  world.faults = () => {
    seen += 1
    if (seen < answered || (seen === answered && !isLastAnswerLost)) return undefined
    return seen === answered ? { kind: 'cut', after: true } : REFUSED
  }
  world.athena.conduct.refuse = () => {
    seen += 1
    if (seen <= answered) return undefined
    return { status: 400, type: 'AccessDeniedException', message: 'not authorized' }
  }
  return { seen: () => seen }
}

function goOn(): void {
  world.faults = () => undefined
  world.athena.conduct.refuse = () => undefined
}

/** Requests of a whole run, of which the suite breaks every fourth off; EVERY_BREAK=yes each. */
const STEP = process.env['EVERY_BREAK'] === 'yes' ? 1 : 4

describe.each(Object.entries(RUNS))('%s that is broken off', (_, run) => {
  it('anywhere leaves all to be found, and the next run puts it together', { timeout: 600_000 }, async () => {
    await fill()
    const whole = endAfter(Number.MAX_SAFE_INTEGER, false)
    expect(await run()).toBe(true)
    const requests = whole.seen()
    expect(requests).toBeGreaterThan(8)
    for (let answered = 0; answered < requests; answered += STEP)
      for (const isLastAnswerLost of [false, true]) {
        const label = `${answered} of ${requests} requests answered, the last ${isLastAnswerLost ? 'in vain' : 'well'}`
        await fill()
        const before = await found()
        endAfter(answered, isLastAnswerLost)
        await run()
        goOn()
        expect(await found(), label).toEqual(before)
        expect(await run(), label).toBe(true)
        expect(await found(), label).toEqual(before)
        expect(await isCompact(), label).toBe(true)
      }
  })
})

describe('two runs at once', () => {
  it.each([
    ['of the function', [runFunction, runFunction]],
    ['of the command', [runCommand, runCommand]],
    ['of both', [runFunction, runCommand]],
  ] as const)('%s leave all to be found, and the next one puts it together', async (_, runs) => {
    await fill()
    const before = await found()
    await Promise.all(runs.map((run) => run()))
    expect(await found()).toEqual(before)
    expect(await runFunction()).toBe(true)
    expect(await found()).toEqual(before)
    expect(await isCompact()).toBe(true)
  })
})
