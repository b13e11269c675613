import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { backfill } from '../../lib/backfill/backfill.ts'
import { composeBackfiller } from '../../lib/compose-backfill.ts'
import { readConfig } from '../../lib/config.ts'
import { createJsonLog } from '../../lib/log.ts'
import { callAt, sidecarOf } from '../helpers/listed-calls.ts'
import { type ListedBird, startListedBird } from '../helpers/listed-bird.ts'
import { ACCESS_KEY, startWorld, WORKSPACE, type World } from '../helpers/world.ts'
import { openGatewayStore } from './store.ts'

let world: World
let bird: ListedBird
beforeAll(async () => {
  world = await startWorld({ store: await openGatewayStore(inject('gateway')) })
  bird = await startListedBird({
    workspaceId: WORKSPACE,
    accessKey: ACCESS_KEY,
    calls: [],
    startedAt: new Date(),
    link: (id) => world.link(id),
  })
})
afterAll(async () => {
  await bird.close()
  await world[Symbol.asyncDispose]()
})

it('on another S3 too, a backfill finds what is missing, goes on where it was, and attests a day under its lock', async () => {
  const calls = Array.from({ length: 30 }, (_, index) => callAt(new Date(Date.UTC(2026, 8, 1, index))))
  bird.setCalls(calls)
  const [missing, ...others] = calls
  if (missing === undefined) throw new Error('there is a call')
  for (const call of others)
    await world.put(`recordings/${WORKSPACE}/${call.recordingId}.json`, sidecarOf(call, WORKSPACE))

  expect(await sweep()).toMatchObject({ why: 'finished', sent: 1, mark: { pass: 1 } })
  const [message] = await world.received('queue')
  expect(JSON.parse(message?.Body ?? '')).toMatchObject({ recordingId: missing.recordingId })
  await world.put(`recordings/${WORKSPACE}/${missing.recordingId}.json`, sidecarOf(missing, WORKSPACE))
  const { report, ...second } = await sweep()
  expect(second).toMatchObject({ why: 'finished', sent: 0, mark: { pass: 2, taken: [] } })
  expect([...report.attested.keys()]).toEqual(['2026-09-01', '2026-09-02'])

  const keys = (await world.keys()).filter((key) => key.startsWith('backfill/attestations/'))
  expect(keys).toHaveLength(2)
  for (const key of keys) expect(await world.head(key)).toMatchObject({ lockMode: 'GOVERNANCE' })
})

async function sweep(): Promise<Awaited<ReturnType<typeof backfill>>> {
  const environment = {
    ...world.env,
    BIRD_API_URL: bird.url,
    BIRD_REQUESTS_PER_SECOND: '1000',
    RETENTION_MODE: 'GOVERNANCE',
    RETENTION_DAYS: '3650',
  }
  const log = createJsonLog(
    () => {},
    'error',
    () => new Date(),
  )
  const backfiller = composeBackfiller(readConfig(environment, { queues: true }), { log })
  const range = { from: new Date('2026-09-01'), to: new Date('2026-09-03') }
  const order = {
    workspaceId: WORKSPACE,
    name: 'gateway',
    range,
    looksOnly: false,
    isScheduled: false,
    windowLimit: 1000,
  }
  const time = { signal: new AbortController().signal, patienceMs: () => 60_000, mayStart: () => true }
  try {
    return await backfill(order, backfiller.systems, time, () => {})
  } finally {
    await backfiller.close()
  }
}
