import { PutObjectLegalHoldCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../lib/deadline.ts'
import { writeHolds } from '../../lib/retrieve/hold.ts'
import { MISMATCHES } from '../../lib/verify/judge.ts'
import { type Case, expectFound, kindsOf } from '../helpers/verify-case.ts'
import { runScope } from '../helpers/verify-run.ts'
import {
  BUCKET,
  type Kept,
  type KeepOptions,
  startVerifyWorld,
  VERIFY_WORKSPACE,
  type VerifyWorld,
} from '../helpers/verify-world.ts'

let world: VerifyWorld
beforeAll(async () => {
  world = await startVerifyWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const DAY_MS = 86_400_000
const later = (days: number): Date => new Date(Math.ceil((Date.now() + days * DAY_MS) / 1000) * 1000)
const describeLock = (mode: string, until: Date): string => `${mode} until ${until.toISOString()}`
const [sooner, until, latest] = [200, 300, 400].map(later) as [Date, Date, Date]

const minutes = (count: number): number => count / 60

/** A document of holds: cases with the hours since they were placed, and released. */
function holdsOf(id: string, cases: readonly [string, number, number?][]): string {
  const act = (hours: number) => ({ at: new Date(Date.now() - hours * 3_600_000), by: 'ada', reason: 'why' })
  return writeHolds({
    workspaceId: VERIFY_WORKSPACE,
    recordingId: id,
    cases: cases.map(([caseNumber, placed, released]) => ({
      caseNumber,
      placed: act(placed),
      released: released === undefined ? undefined : act(released),
    })),
    versions: [],
  })
}

const CASES: readonly Case[] = [
  {
    what: 'locks that the objects do not carry',
    keep: { lock: { mode: 'COMPLIANCE', until }, storedLock: 'none' },
    expected: [
      { kind: 'lock-missing', object: 'sidecar', expected: describeLock('COMPLIANCE', until) },
      { kind: 'lock-missing', object: 'audio', expected: describeLock('COMPLIANCE', until) },
    ],
  },
  {
    what: 'locks that end too early',
    keep: {
      lock: { mode: 'GOVERNANCE', until },
      storedLock: { mode: 'GOVERNANCE', until: sooner },
    },
    expected: ['sidecar', 'audio'].map((object) => ({
      kind: 'lock-shorter',
      object,
      expected: describeLock('GOVERNANCE', until),
      found: describeLock('GOVERNANCE', sooner),
    })),
  },
  {
    what: 'locks of a weaker mode',
    keep: {
      lock: { mode: 'COMPLIANCE', until },
      storedLock: { mode: 'GOVERNANCE', until: latest },
    },
    expected: ['sidecar', 'audio'].map((object) => ({
      kind: 'lock-weaker',
      object,
      expected: describeLock('COMPLIANCE', until),
      found: describeLock('GOVERNANCE', latest),
    })),
  },
  {
    what: 'locks that are weaker than the policy asks for today',
    keep: { createdAt: '2026-11-01T00:00:00Z', lock: { mode: 'GOVERNANCE', until } },
    env: { RETENTION_MODE: 'GOVERNANCE', RETENTION_DAYS: '3650' },
    expected: ['sidecar', 'audio'].map((object) => ({
      kind: 'lock-shorter',
      object,
      expected: describeLock('GOVERNANCE', new Date('2036-10-29T00:00:00Z')),
      found: describeLock('GOVERNANCE', until),
    })),
  },
  {
    what: 'no hold, although a case is open',
    happens: async ({ id, audioKey: Key }) => {
      await world.put(
        `holds/${VERIFY_WORKSPACE}/${id}.json`,
        holdsOf(id, [
          ['A-17', 2],
          ['A-18', 2, 1],
        ]),
      )
      await world.client.send(
        new PutObjectLegalHoldCommand({ Bucket: BUCKET, Key, LegalHold: { Status: 'ON' } }),
      )
    },
    expected: [{ kind: 'hold-missing', object: 'sidecar', expected: 'ON for A-17', found: 'OFF' }],
  },
  ...(
    [
      ['a quarter of an hour ago', 15],
      ['six minutes ago', 6],
      ['by a clock that is an hour ahead', -60],
    ] as const
  ).map(([when, ago]) => ({
    what: `no hold at all, of a case that was placed ${when}`,
    happens: ({ id }: Kept) =>
      world.put(`holds/${VERIFY_WORKSPACE}/${id}.json`, holdsOf(id, [['A-17', minutes(ago)]])),
    expected: ['sidecar', 'audio'].map((object) => ({
      kind: 'hold-missing',
      object,
      expected: 'ON for A-17',
      found: 'OFF',
    })),
  })),
  {
    what: 'a hold on the sidecar alone, of a case that was placed just now',
    happens: async ({ id, sidecarKey: Key }) => {
      await world.put(`holds/${VERIFY_WORKSPACE}/${id}.json`, holdsOf(id, [['A-17', minutes(1)]]))
      await world.client.send(
        new PutObjectLegalHoldCommand({ Bucket: BUCKET, Key, LegalHold: { Status: 'ON' } }),
      )
    },
    expected: [{ kind: 'hold-missing', object: 'audio', expected: 'ON for A-17', found: 'OFF' }],
  },
  {
    what: 'a legal hold on the audio alone',
    happens: ({ audioKey: Key }) =>
      world.client.send(new PutObjectLegalHoldCommand({ Bucket: BUCKET, Key, LegalHold: { Status: 'ON' } })),
    expected: [{ kind: 'hold-uneven', object: 'sidecar', expected: 'ON', found: 'OFF' }],
  },
]

describe('what keeps a recording, and is not there, is found, of every kind', () => {
  it.each(CASES)('$what', async (broken) => {
    await expectFound(world, broken)
  })

  it('has a case for every kind', () => {
    expect(kindsOf(CASES)).toEqual(new Set(MISMATCHES.filter((kind) => /^(?:lock|hold)-/.test(kind))))
  })
})

describe('a recording is as it must be', () => {
  it.each<[string, KeepOptions, Readonly<Record<string, string>>]>([
    ['without locks', {}, {}],
    [
      'with longer and stronger locks than it was archived with',
      { lock: { mode: 'GOVERNANCE', until }, storedLock: { mode: 'COMPLIANCE', until: latest } },
      {},
    ],
    [
      'that was archived under a lock whose time is over',
      { lock: { mode: 'COMPLIANCE', until: new Date('2020-01-01T00:00:00Z') }, storedLock: 'none' },
      {},
    ],
    [
      'of a time that the policy covers no longer',
      { createdAt: '2020-01-01T00:00:00Z' },
      { RETENTION_MODE: 'COMPLIANCE', RETENTION_DAYS: '365' },
    ],
  ])('%s', async (_, keep, env) => {
    const kept = await world.keep(keep)
    const { end, events } = await runScope(world, { kind: 'ids', ids: [kept.id] }, { env })
    expect(end.account.tally).toEqual({
      recordings: 1,
      read: 1,
      bytes: kept.audio.length,
      mismatches: 0,
      unread: 0,
      orphans: 0,
      onItsWay: 0,
      held: 0,
    })
    expect(events).toContainEqual({
      kind: 'judged',
      verdict: expect.objectContaining({ outcome: 'ok', sha256: kept.sha256 }) as unknown,
    })
  })

  it.each<[string, [string, number, number?][]]>([
    ['whose case was placed just now, before the hold itself', [['A-17', minutes(1)]]],
    [
      'whose case was placed just now, and another one is closed',
      [
        ['A-17', 30, 20],
        ['A-18', minutes(4)],
      ],
    ],
    ['whose last case is closed', [['A-17', 30, 20]]],
  ])('%s', async (_, cases) => {
    const kept = await world.keep()
    await world.put(`holds/${VERIFY_WORKSPACE}/${kept.id}.json`, holdsOf(kept.id, cases))
    const { end } = await runScope(world, { kind: 'ids', ids: [kept.id] })
    expect(end.account.tally).toMatchObject({ read: 1, mismatches: 0, unread: 0 })
  })

  it('whose case was placed while its audio was read, after the look at its objects', async () => {
    const kept = await world.keep()
    await world.put(`holds/${VERIFY_WORKSPACE}/${kept.id}.json`, holdsOf(kept.id, [['A-17', minutes(-2)]]))
    let readMs = 0
    world.faults = ({ operation, key }) => {
      // Reading takes a quarter of an hour.
      if (operation === 'GetObject' && key === kept.audioKey) readMs = 900_000
      return undefined
    }
    const clock = { ...systemClock, now: () => new Date(Date.now() + readMs) }
    const { end } = await runScope(world, { kind: 'ids', ids: [kept.id] }, { compose: { clock } })
    expect(end.account.tally).toMatchObject({ read: 1, mismatches: 0 })
  })

  it('and unread, where the document of its holds cannot be read', async () => {
    const kept = await world.keep()
    await world.put(`holds/${VERIFY_WORKSPACE}/${kept.id}.json`, 'nonsense')
    const { end } = await runScope(world, { kind: 'ids', ids: [kept.id] })
    expect(end.account.unread).toMatchObject([
      { reason: expect.stringContaining('holds is not JSON') as unknown },
    ])
  })

  it('under a legal hold on both objects, and the report counts it', async () => {
    const kept = await world.keep()
    for (const Key of [kept.audioKey, kept.sidecarKey])
      await world.client.send(
        new PutObjectLegalHoldCommand({ Bucket: BUCKET, Key, LegalHold: { Status: 'ON' } }),
      )
    const { end } = await runScope(world, { kind: 'ids', ids: [kept.id] })
    expect(end.account.tally).toMatchObject({ read: 1, mismatches: 0, held: 1 })
  })
})
