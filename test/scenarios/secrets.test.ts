import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Context } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeArchiveFunction } from '../../lib/compose.ts'
import { Environment } from '../../lib/config.ts'
import { createJsonLog } from '../../lib/log.ts'
import { readSearchConfig } from '../../lib/search-config.ts'
import { CatalogEnvironment } from '../../lib/settings.ts'
import { wireOrExplain } from '../../lib/wire-or-explain.ts'
import { versionsOf } from '../helpers/archived.ts'
import type { BirdReply } from '../helpers/bird-double.ts'
import {
  cutAfter,
  type MediaDouble,
  type MediaReply,
  serveAudio,
  startMediaDouble,
} from '../helpers/media-double.ts'
import { addServed, runServed, type Served } from '../helpers/served.ts'
import { eventOf } from '../helpers/sqs-events.ts'
import { setStrikes } from '../helpers/strikes.ts'
import { ACCESS_KEY, keysOf, type Run, startWorld, type World } from '../helpers/world.ts'

const CALLER = '15550100123'
const CALLEE = '447700900456'
const SIGNATURE = 'b1d5ea7000000000000000000000000000000000000000000000000000c0ffee'
const LINK = `https://voice.s3.eu-west-1.amazonaws.com/r.mp3?X-Amz-Expires=600&X-Amz-Security-Token=IQoJtoken&X-Amz-Signature=${SIGNATURE}`
/** What a server says that repeats everything it knows. */
const GOSSIP = `key AccessKey ${ACCESS_KEY} may not read ${LINK} of +${CALLER} and ${CALLEE} (+44 7700 900456)`
const gossip = (status: number): BirdReply => ({
  status,
  body: { code: 'Gossip', message: `${ACCESS_KEY}! ${GOSSIP}` },
})
const html = `<html><body>${GOSSIP}</body></html>`

let world: World
let media: MediaDouble
let runs: Run[]
let errors: string
const served = new Map<string, Served>()
/** Ids of recordings that had a batch of their own. */
let alone: string[]

beforeAll(async () => {
  world = await startWorld()
  media = await startMediaDouble()
  const add = async (
    name: string,
    replies: (audio: Uint8Array) => readonly MediaReply[] = (audio) => [serveAudio(audio)],
    options: Parameters<typeof addServed>[3] = {},
  ): Promise<Served> => {
    const recording = await addServed(world, media, replies, options)
    served.set(name, recording)
    return recording
  }
  const metadata = {
    url: LINK,
    roomInfoUrl: `https://rooms.bird.com/1?token=${SIGNATURE}`,
    more: { deep: [LINK] },
  }
  await add('archived', undefined, { metadata })
  await add('resumed', (audio) => [cutAfter(audio, 6_000), serveAudio(audio)], { metadata })
  await add('late link', undefined, { links: ['stale', 'fresh'] })
  await add('wrong body', () => [{ headers: { 'content-type': `text/html; ${GOSSIP}` }, body: html }])
  await add('wrong range', (audio) => [
    cutAfter(audio, 6_000),
    { status: 206, headers: { 'content-range': GOSSIP }, body: audio },
    serveAudio(audio),
  ])
  await add('link refused', () => [
    { status: 400, body: `<Error><Code>Bad</Code><Message>${GOSSIP}</Message></Error>` },
  ])
  await add('redirected away', undefined, { linkReplies: [{ status: 307, headers: { location: LINK } }] })
  await add('redirected to gossip', undefined, {
    linkReplies: [{ status: 307, headers: { location: GOSSIP } }],
  })
  await add('redirected to a number', undefined, {
    linkReplies: [{ status: 307, headers: { location: `https://${CALLER}.example/${CALLEE}` } }],
  })
  await add('redirected again', () => [{ status: 302, headers: { location: LINK } }])
  for (const status of [400, 404, 422, 500])
    await add(`gossip ${status}`, undefined, {
      metadataReplies: [gossip(status)],
      linkReplies: [gossip(status)],
    })
  await add('gossip on the link', undefined, { linkReplies: [gossip(422)] })
  await add('gossip for JSON', undefined, { metadataReplies: [{ status: 200, body: html }] })
  await add('gossip for a status', undefined, { metadata: { status: GOSSIP } })
  await add('gossip for an id', undefined, { metadata: { id: GOSSIP } })
  await add('gossip for a request id', undefined, {
    metadataReplies: [{ status: 500, headers: { 'messagebird-request-id': GOSSIP } }],
  })
  const named = await add('gossip for the request id of a link')
  world.bird.scripts.get(named.id)?.link.splice(0, Infinity, () => ({
    status: 307,
    headers: { location: media.link(named.id), 'messagebird-request-id': GOSSIP },
  }))
  await add('cut', undefined, { metadataReplies: ['cut'] })
  const conflict = await add('conflict')
  await world.put(keysOf(conflict.id).audio, 'other bytes')
  const storage = await add('storage')
  setStrikes(world, {
    operation: 'PutObject',
    key: new RegExp(storage.id),
    fault: { kind: 'error', status: 400, code: 'InvalidRequest', message: GOSSIP },
  })
  const ids = [...served.values()].map(({ id }) => id)
  const messages = [
    ...ids,
    GOSSIP,
    JSON.stringify({ recordingId: GOSSIP }),
    JSON.stringify({ workspaceId: GOSSIP }),
  ]
  const write = process.stderr.write.bind(process.stderr)
  errors = ''
  process.stderr.write = (chunk: string | Uint8Array) => {
    errors += String(chunk)
    return true
  }
  try {
    const refused = await addServed(world, media, (audio) => [serveAudio(audio)], {
      metadataReplies: [gossip(403)],
    })
    // Throttling silences a whole process, so it gets one of its own.
    const throttled = await addServed(world, media, (audio) => [serveAudio(audio)], {
      metadataReplies: [{ status: 429, headers: { 'retry-after': '300' }, body: { message: GOSSIP } }],
    })
    alone = [refused.id, throttled.id]
    const environment = { MEDIA_ORIGINS: media.origin, CONCURRENCY: '64' }
    runs = [
      await world.run(messages, { environment }),
      await runServed(world, media, [throttled]),
      await runServed(world, media, [refused]),
      await runServed(world, media, [refused], { environment: { BIRD_ACCESS_KEY: `${ACCESS_KEY}-old` } }),
    ]
  } finally {
    process.stderr.write = write
  }
  setStrikes(world)
})
afterAll(async () => {
  await media.close()
  await world[Symbol.asyncDispose]()
})

/** What must be nowhere, and what may be in the sidecar's `bird` and in the catalog only. */
const CREDENTIALS = new RegExp(
  `${ACCESS_KEY}|X-Amz-(?!Meta)|${SIGNATURE}|IQoJtoken|test-secret-access-key`,
  'i',
)
const NUMBERS = new RegExp(`${CALLER}|${CALLEE}|7700 900456|7700900456|5550100123`)

describe('a run in which everything happens', () => {
  it('does see everything', () => {
    const events = new Set(runs.flatMap((run) => run.events.map(({ event }) => event)))
    for (const end of ['archived', 'dead-lettered', 'failed', 'not-yet', 'throttled'])
      expect(events).toContain(`recording.${end}`)
    expect(events).toContain('batch.stopped')
    expect(events).toContain('transfer.again')
    const reasons = new Set(runs.flatMap((run) => run.events.map(({ reason }) => reason)))
    for (const reason of ['bad-body', 'bad-metadata', 'bird-unavailable', 'conflict', 'misconfigured'])
      expect(reasons).toContain(reason)
    for (const reason of ['not-found', 'redirect-refused', 'storage', 'unprocessable', 'unreadable-message'])
      expect(reasons).toContain(reason)
  })

  it('prints no key, no query of a link and no phone number', () => {
    expect(errors).toBe('')
    const lines = runs.flatMap(({ output }) => output.split('\n'))
    expect(lines.length).toBeGreaterThan(30)
    expect(lines.filter((line) => CREDENTIALS.test(line) || NUMBERS.test(line))).toEqual([])
  })

  it('stores no key and no query of a link anywhere in the bucket, and phone numbers only where they are evidence', async () => {
    const keys = [...new Set(await world.keys())]
    expect(await versionsOf(world, served.get('archived')?.id ?? '')).toHaveLength(2)
    for (const key of keys) {
      expect(key).not.toMatch(CREDENTIALS)
      expect(key).not.toMatch(NUMBERS)
      const text = (await world.get(key)).toString('latin1')
      expect(text).not.toMatch(CREDENTIALS)
      const { Metadata, ContentType } = await world.client.send(
        new HeadObjectCommand({ Bucket: 'archive', Key: key }),
      )
      expect(Metadata).toEqual({})
      expect(ContentType).toMatch(/^(?:audio\/mpeg|application\/\S+)$/)
      if (!key.endsWith('.json')) continue
      const { bird, ...ours } = JSON.parse(text) as { bird: object }
      expect(JSON.stringify(bird)).toContain(CALLER)
      expect(bird).not.toHaveProperty('url')
      expect(JSON.stringify(ours)).not.toMatch(NUMBERS)
    }
  })

  it('moves messages on without adding any of it to them', async () => {
    const moved = await world.received('dead-letters')
    // Those that were sent again become visible one after another.
    while (moved.length < 7) moved.push(...(await world.received('queue', 5)))
    for (const { Body = '', MessageAttributes = {} } of moved) {
      const attributes = JSON.stringify(MessageAttributes)
      expect(attributes).not.toMatch(CREDENTIALS)
      expect(attributes).not.toMatch(NUMBERS)
      // A body goes on as it came, even one that says too much.
      const ids = [...[...served.values()].map(({ id }) => id), ...alone]
      expect(ids.includes(Body) || Body.includes('AccessKey')).toBe(true)
    }
  })
})

describe('settings that hold what was meant for elsewhere', () => {
  it.each([LINK, GOSSIP, `https://${ACCESS_KEY}:x@media.example`])(
    'are refused unrepeated: %s',
    async (text) => {
      const lines: string[] = []
      const log = createJsonLog(
        (line) => lines.push(line),
        'debug',
        () => new Date(),
      )
      const names = Object.keys({ ...Environment.entries, ...CatalogEnvironment.entries })
      const environment = Object.fromEntries(names.map((name) => [name, text]))
      const handler = composeArchiveFunction(environment, { log })
      const thrown = await handler(eventOf([]), {} as Context).catch((error: unknown) => error)
      lines.push((thrown as Error).message)
      expect(() => wireOrExplain(() => readSearchConfig(environment), log)).toThrow('CATALOG_DATABASE must')
      expect(lines.join()).toContain('MEDIA_ORIGINS: entry 1 is not scheme://host[:port]')
      expect(lines.filter((line) => CREDENTIALS.test(line) || NUMBERS.test(line))).toEqual([])
    },
  )
})
