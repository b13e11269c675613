import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../lib/errors.ts'
import type { S3Fault, S3Faults } from '../../lib/sandbox/s3-server.ts'
import {
  accountOf,
  attestationsOf,
  callsOn,
  countsOf,
  HOUR_MS,
  idsOf,
  queuedIds,
  reportOf,
  runSweep,
  startWorldAt,
  sweepToEnd,
  type SweepRun,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { startScriptedQueue } from '../helpers/scripted-queue.ts'

const DAY = '2026-03-09'
const EVENT = { sweep: 'recent', days: 2 }

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt('2026-03-10T12:00:00.000Z'))
  world.setCalls(callsOn(DAY, 5))
})
afterEach(() => world[Symbol.asyncDispose]())

const run = (): Promise<SweepRun> => runSweep(world, { clock, event: EVENT })
async function sweep(): Promise<void> {
  clock.advance(HOUR_MS)
  await sweepToEnd(world, { clock, event: EVENT })
}
/** Strikes requests on keys that begin so, so many times. */
function striking(operation: string, prefix: string, fault: S3Fault, times = Infinity): S3Faults {
  let left = times
  return (request) =>
    request.operation === operation && request.key.startsWith(prefix) && left-- > 0 ? fault : undefined
}

describe('a bucket in trouble', () => {
  it.each([
    ['a ledger', 'backfill/windows/'],
    ['the mark', 'backfill/marks/'],
    ['a report', 'backfill/reports/'],
  ])('that answers 500 for a moment, or loses the answer to %s, costs nothing', async (_, prefix) => {
    world.s3Faults = striking('PutObject', prefix, { kind: 'error', status: 500, code: 'InternalError' }, 2)
    await sweep()
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    world.s3Faults = striking('PutObject', prefix, { kind: 'cut', after: true }, 2)
    await world.archiveQueued()
    await sweep()
    expect(await world.queued()).toEqual([])
    expect(countsOf(await reportOf(world))).toEqual({ archived: 5 })
    expect((await attestationsOf(world)).get(DAY)).toMatchObject([{ counts: { archived: 5 } }])
  })

  it('that loses the answer to the first ledger of a day has it written once, and each recording sent once', async () => {
    world.s3Faults = striking('PutObject', 'backfill/windows/', { kind: 'cut', after: true }, 1)
    await sweep()
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    expect(new Set([...(await accountOf(world)).values()].map(({ line }) => line))).toEqual(new Set(['sent']))
  })

  it('that loses the answer to an attestation has it once', async () => {
    await world.archiveAll(world.calls)
    world.s3Faults = striking('PutObject', 'backfill/attestations/', { kind: 'cut', after: true }, 1)
    await sweep()
    expect((await attestationsOf(world)).get(DAY)).toMatchObject([{ counts: { archived: 5 } }])
  })

  it('that says somebody else was faster with a ledger is believed: the day is looked at anew', async () => {
    const fault = { kind: 'error', status: 412, code: 'PreconditionFailed' } as const
    world.s3Faults = striking('PutObject', `backfill/windows/${world.workspaceId}/${DAY}`, fault, 1)
    await sweep()
    const sent = await queuedIds(world)
    expect([...new Set(sent)]).toEqual(idsOf(world.calls))
    expect(sent.length).toBeLessThanOrEqual(10)
    expect(countsOf(await reportOf(world))).toEqual({ sent: 5 })
  })

  it('that takes no ledger of one day leaves that day to the next run', async () => {
    const fault = { kind: 'error', status: 500, code: 'InternalError' } as const
    world.s3Faults = striking('PutObject', `backfill/windows/${world.workspaceId}/${DAY}`, fault)
    const { answer, events } = await run()
    expect(answer).toMatchObject({ finished: false, workspaces: [{ why: 'failing' }] })
    expect(events.filter(({ event }) => event === 'window.failed')).toMatchObject([{ window: DAY }])
    world.s3Faults = () => undefined
    await world.archiveQueued()
    await sweep()
    expect(await world.queued()).toEqual([])
    expect(countsOf(await reportOf(world))).toEqual({ archived: 5 })
  })

  it.each([
    ['PutObject', 'backfill/windows/', 'AccessDenied', 'grant it'],
    ['GetObject', 'backfill/windows/', 'AccessDenied', 's3:ListBucket'],
    ['GetObject', 'recordings/', 'AccessDenied', 'grant it'],
    ['PutObject', 'backfill/marks/', 'AccessDenied', 'grant it'],
    ['PutObject', 'backfill/attestations/', 'AccessDenied', 'grant it'],
    ['ListObjectsV2', '', 'AccessDenied', 'grant it'],
    ['GetObject', 'backfill/', 'NoSuchBucket', 'ARCHIVE_BUCKET'],
  ])(
    'that refuses %s on %s (%s) is a fault of the set-up, with its mend',
    async (operation, prefix, code, mend) => {
      world.setCalls(callsOn(DAY, 3))
      await world.archiveAll(world.calls)
      world.s3Faults = striking(operation, prefix, {
        kind: 'error',
        status: code === 'AccessDenied' ? 403 : 404,
        code,
      })
      const { error, events, metrics } = await run()
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(String(error)).toContain(mend)
      expect(events).toContainEqual(expect.objectContaining({ event: 'configuration.fault', level: 'error' }))
      expect(metrics).toMatchObject({ SweepsFinished: 0 })
      expect(await world.keys('backfill/reports/')).toEqual([])
    },
  )

  it('with a ledger that nobody can read leaves it as it is, and says what to do', async () => {
    const key = `backfill/windows/${world.workspaceId}/${DAY}.json`
    await world.put(key, '{"schema":"urn:other:9"}')
    const { answer, events } = await run()
    expect(answer).toMatchObject({ finished: false })
    expect(events.find(({ event }) => event === 'window.failed')?.['reason']).toMatch(
      /unknown form.*move it away/,
    )
    expect(await world.json(key)).toEqual({ schema: 'urn:other:9' })
    expect(await world.queued()).toEqual([])
  })
})

describe('a queue in trouble', () => {
  type Batch = { readonly Entries: { readonly Id: string; readonly MessageBody: string }[] }
  type Script = Awaited<ReturnType<typeof startScriptedQueue>>['script']

  /** Sweeps with a queue that answers as a test says. */
  async function sweepWith(script: Script): Promise<SweepRun> {
    const upstream = process.env['AWS_ENDPOINT_URL_SQS'] ?? ''
    await using queue = await startScriptedQueue(upstream)
    queue.script = script
    process.env['AWS_ENDPOINT_URL_SQS'] = queue.url
    try {
      return await run()
    } finally {
      process.env['AWS_ENDPOINT_URL_SQS'] = upstream
    }
  }

  it.each([true, false])(
    'that refuses one message (for good: %s) has it in the report, and gets it by the next run',
    async (SenderFault) => {
      const [unwanted] = idsOf(world.calls)
      const { answer, metrics } = await sweepWith(async ({ operation, input }, pass) => {
        if (operation !== 'SendMessageBatch') return await pass()
        const { Entries } = input as unknown as Batch
        const refused = Entries.filter(({ MessageBody }) => MessageBody.includes(unwanted ?? ''))
        const others = Entries.filter((entry) => !refused.includes(entry))
        Entries.splice(0, Infinity, ...others)
        const Failed = refused.map(({ Id }) => ({
          Id,
          Code: 'InternalError',
          Message: 'not now',
          SenderFault,
        }))
        return others.length === 0 ? { Successful: [], Failed } : { ...(await pass()), Failed }
      })
      expect(answer).toMatchObject({ finished: true })
      expect(metrics).toMatchObject({ Sent: 4, Unexplained: 1 })
      expect(await queuedIds(world)).toEqual(idsOf(world.calls).slice(1))
      expect(await reportOf(world)).toMatchObject({
        lines: { sent: { count: 4 }, refused: { count: 1 } },
        unexplained: [{ recordingId: unwanted, reason: 'the queue did not take it: InternalError: not now' }],
      })
      await sweep()
      expect(await queuedIds(world)).toEqual(idsOf(world.calls))
      expect(countsOf(await reportOf(world))).toEqual({ sent: 5 })
    },
  )

  it('whose answer is lost has each message, if perhaps twice', async () => {
    let sends = 0
    const { answer } = await sweepWith(async ({ operation }, pass) => {
      const answered = await pass()
      if (operation !== 'SendMessageBatch') return answered
      return (sends += 1) === 1 ? 'lost' : answered
    })
    expect(answer).toMatchObject({ finished: true })
    const sent = await queuedIds(world)
    expect([...new Set(sent)]).toEqual(idsOf(world.calls))
    expect(sent.length).toBeLessThanOrEqual(10)
    expect(countsOf(await reportOf(world))).toEqual({ sent: 5 })
  })

  it.each([
    ['SendMessageBatch', 'QueueDoesNotExist', 'QUEUE_URL'],
    ['SendMessageBatch', 'AccessDenied', 'sqs:SendMessage'],
    ['GetQueueAttributes', 'AccessDenied', 'sqs:GetQueueAttributes'],
    ['ReceiveMessage', 'AccessDenied', 'sqs:ReceiveMessage'],
  ])(
    'that refuses %s (%s) is a fault of the set-up, and nothing counts as sent',
    async (operation, refused, mend) => {
      const { error } = await sweepWith((call, pass) =>
        call.operation === operation ? Promise.resolve({ refused }) : pass(),
      )
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(String(error)).toContain(mend)
      expect(await world.queued()).toEqual([])
      await sweep()
      expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    },
  )
})
