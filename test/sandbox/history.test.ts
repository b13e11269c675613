import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { BirdRecording } from '../../lib/sandbox/bird-recording.ts'
import { describeHistory } from '../../lib/sandbox/history.ts'
import { startSandbox } from '../../lib/sandbox/sandbox.ts'
import type { Sandbox, SandboxOptions } from '../../lib/sandbox/sandbox.ts'
import { run, startSandboxCommand } from '../cli/command.ts'

const PLAN = {
  seed: 1,
  count: 4000,
  from: new Date('2026-03-02T00:00:00Z'),
  to: new Date('2026-09-01T00:00:00Z'),
}

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'history-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

describe('a history', () => {
  const history = describeHistory(PLAN)
  const share = (test: (call: (typeof history)[number]) => boolean): number =>
    history.filter(test).length / history.length

  it('follows from its plan alone', () => {
    expect(describeHistory(PLAN)).toEqual(history)
    const ids = new Set(history.map(({ recordingId }) => recordingId))
    expect(describeHistory({ ...PLAN, seed: 2 }).some(({ recordingId }) => ids.has(recordingId))).toBe(false)
  })

  it('has version 4 UUIDs of its own, spread evenly', () => {
    const ids = history.map(({ recordingId }) => recordingId)
    expect(new Set(ids).size).toBe(PLAN.count)
    for (const id of ids)
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    for (const digit of '0123456789abcdef')
      expect(share(({ recordingId }) => recordingId.startsWith(digit))).toBeCloseTo(1 / 16, 1)
  })

  it('lies between its ends, mostly in the hours of a business', () => {
    const times = history.map(({ metadata }) => new Date(metadata.createdAt))
    for (const time of times) expect(time >= PLAN.from && time < PLAN.to).toBe(true)
    expect(share(({ metadata }) => new Date(metadata.createdAt).getUTCDay() % 6 === 0)).toBeLessThan(0.1)
    expect(share(({ metadata }) => /T(?:0[89]|1[0-7]):/.test(metadata.createdAt))).toBeGreaterThan(0.8)
    const night = {
      ...PLAN,
      count: 3,
      from: new Date('2026-03-01T01:00:00Z'),
      to: new Date('2026-03-01T01:01:00Z'),
    }
    expect(describeHistory(night)).toHaveLength(3)
  })

  it('is available but for a few, which have no length', () => {
    const silent = history.filter(({ statuses }) => statuses[0]?.status !== 'available')
    expect(share(({ statuses }) => statuses[0]?.status === 'absent')).toBeCloseTo(0.01, 2)
    expect(share(({ statuses }) => statuses[0]?.status === 'failed')).toBeCloseTo(0.005, 2)
    for (const { metadata } of silent) expect(metadata).not.toHaveProperty('duration')
    expect(share(({ metadata }) => (metadata.duration ?? 0) > 0)).toBeGreaterThan(0.95)
  })
})

describe('a sandbox with a history', () => {
  const now = new Date('2026-11-23T12:00:00Z')
  const options = { recordings: 3, history: 250, historyDays: 30, now: () => now }
  let directory: string
  let sandbox: Sandbox
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'history-'))
    sandbox = await startSandbox({ directory, ...options, rateLimit: { requestsPerSecond: 1e6, burst: 1e6 } })
  })
  afterAll(async () => {
    await sandbox.close()
    await rm(directory, { recursive: true })
  })

  async function ask(path: string): Promise<Response> {
    const { url, workspaceId, accessKey } = sandbox.ready.bird
    return await fetch(`${url}/workspaces/${workspaceId}/${path}`, {
      headers: { authorization: `AccessKey ${accessKey}` },
      redirect: 'manual',
    })
  }

  async function list(): Promise<BirdRecording[]> {
    const recordings: BirdRecording[] = []
    for (let token: string | undefined = ''; token !== undefined;) {
      const response = await ask(`recordings?limit=99${token && `&pageToken=${token}`}`)
      const page = (await response.json()) as { results: BirdRecording[]; nextPageToken?: string }
      recordings.push(...page.results)
      token = page.nextPageToken
    }
    return recordings
  }

  it('lists each recording of it once, beside the calls', async () => {
    const listed = await list()
    const known = [...sandbox.calls, ...sandbox.history].map(({ recordingId }) => recordingId)
    expect(known).toHaveLength(253)
    expect(listed.map(({ id }) => id).toSorted()).toEqual(known.toSorted())
    const recent = listed.filter(({ createdAt }) => createdAt >= '2026-11-01T12:00:00')
    expect(recent.map(({ id }) => id).toSorted()).toEqual(
      sandbox.calls.map(({ recordingId }) => recordingId).toSorted(),
    )
    expect(listed.at(-1)?.createdAt).toMatch(/^2026-10-0/)
  })

  it('gives and counts them like others', async () => {
    const { recordingId, metadata } = sandbox.history.find(({ metadata: { duration = 0 } }) => duration > 0)!
    expect(await (await ask(`recordings/${recordingId}`)).json()).toMatchObject({
      ...metadata,
      status: 'available',
    })
    const seconds = [
      ...sandbox.calls.map(({ audio }) => audio?.seconds ?? 0),
      ...sandbox.history.map(({ metadata: { duration = 0 } }) => duration),
    ]
    const metrics = (await (await ask('recording-metrics')).json()) as { dailyStorageUsage: object }
    expect(metrics).toMatchObject({ counter: 253, duration: seconds.reduce((sum, each) => sum + each, 0) })
    expect(Object.keys(metrics.dailyStorageUsage)).toContain(metadata.createdAt.slice(0, 10))
  })

  it('has links that lead to nothing, no audio, and no messages', async () => {
    const { recordingId } = sandbox.history.find(({ statuses }) => statuses[0]?.status === 'available')!
    const media = await ask(`recordings/${recordingId}.mp3`)
    expect(media.status).toBe(307)
    const { url } = (await (await ask(`recordings/${recordingId}`)).json()) as BirdRecording
    for (const link of [media.headers.get('location') ?? '', url ?? ''])
      expect((await fetch(link)).status).toBe(404)
    expect(sandbox.media.size).toBeLessThanOrEqual(3)
    const old = new Set(sandbox.history.map((call) => call.recordingId))
    expect(sandbox.deliveries.filter((delivery) => old.has(delivery.recordingId ?? ''))).toEqual([])
  })

  it('brings the same one back, and refuses another', async () => {
    const place = await makeDirectory()
    const start = (more: Partial<SandboxOptions>): Promise<Sandbox> =>
      startSandbox({ directory: place, now: () => now, ...more })
    const first = await start({ history: 5 })
    await first.close()
    const later = await start({ now: () => new Date('2026-12-24T12:00:00Z') })
    await later.close()
    expect(later.history).toEqual(first.history)
    expect(JSON.parse(await readFile(join(place, 'sandbox.json'), 'utf8'))).toMatchObject({
      version: 1,
      history: 5,
      historyDays: 180,
    })
    const refusal = 'a history of 5 over 180 days: ask for the same'
    await expect(start({ history: 6 })).rejects.toThrow(refusal)
    await expect(start({ history: 0 })).rejects.toThrow(refusal)
    await expect(start({ historyDays: 30 })).rejects.toThrow(refusal)
    await (await start({ history: 5, historyDays: 180 })).close()
  })

  it('is not there unless it is asked for, and then has no days', async () => {
    const place = await makeDirectory()
    const plain = await startSandbox({ directory: place })
    await plain.close()
    expect(plain.history).toEqual([])
    expect(await readFile(join(place, 'sandbox.json'), 'utf8')).not.toContain('history')
    await expect(startSandbox({ directory: place, history: 5 })).rejects.toThrow('ask for the same')
    await expect(startSandbox({ directory: place, historyDays: 30 })).rejects.toThrow('no history')
  })
})

describe('the command', () => {
  it('says how many older recordings there are', async () => {
    const { command } = await startSandboxCommand(['--history', '1200', '--history-days', '7'])
    command.child.kill('SIGTERM')
    expect((await command.done).stderr).toContain('Bird knows 0 calls and 1,200 older recordings')
  })

  it('refuses days without a history', async () => {
    const { code, stderr } = await run(['sandbox', '--history-days', '7'])
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no history') as string,
    })
  })
})
