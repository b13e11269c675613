import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedAccessKey } from '../../lib/bird/access-key.ts'
import { type BirdClient, createBirdClient, DEFAULT_BIRD_LIMITS } from '../../lib/bird/client.ts'
import { endlessDeadline, systemClock } from '../../lib/deadline.ts'
import { BirdError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import { type BirdDouble, type Reply, startBirdDouble } from '../helpers/bird-double.ts'

const KEY = 'test-access-key-0000000000000000'
const DAY_SECONDS = 86_400

let bird: BirdDouble
beforeAll(async () => {
  bird = await startBirdDouble(KEY)
})
afterAll(() => bird.close())

/** As a backfill from a terminal has it, which nothing ends. */
function patientClient(log: Log): BirdClient {
  return createBirdClient({
    apiUrl: new URL(bird.url),
    accessKey: fixedAccessKey(KEY),
    requestsPerSecond: 50,
    yields: true,
    limits: DEFAULT_BIRD_LIMITS,
    clock: systemClock,
    log,
  })
}

const away = (status: number, retryAfter: string): Reply => ({
  status,
  headers: { 'retry-after': retryAfter },
  body: { code: 'Away', message: 'not today' },
})

describe('a client with all the time in the world', () => {
  it.each([
    ['429 for 30 days', away(429, String(30 * DAY_SECONDS))],
    ['429 until a date', away(429, new Date(Date.now() + 30 * DAY_SECONDS * 1000).toUTCString())],
    ['429 for ever', away(429, '9'.repeat(400))],
    ['429 for a day', away(429, String(DAY_SECONDS))],
    ['503 for 30 days', away(503, String(30 * DAY_SECONDS))],
  ])('asks once, and says so, where Bird answers %s', async (name, reply) => {
    const id = encodeURIComponent(name)
    bird.scripts.set(id, { metadata: [reply, { status: 200, body: {} }], link: [] })
    using deadline = endlessDeadline()
    // Told when it is going to wait: then it is stopped.
    const client = patientClient({ event: () => deadline.stop('batch-stopped') })
    const asked = client.get('get recording', `/workspaces/w/recordings/${id}`, [200], deadline)
    const error: unknown = await asked.catch((thrown: unknown) => thrown)
    await client.close()
    expect(error).toBeInstanceOf(BirdError)
    const { failure, message } = error as BirdError
    expect(message).toContain(`answered ${reply.status}: not today`)
    expect(failure.retryAfterMs).toBeGreaterThan((DAY_SECONDS - 60) * 1000)
    expect(client.requests()).toBe(1)
  })
})
