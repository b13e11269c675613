import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteObjectCommand, PutObjectLegalHoldCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MISMATCHES } from '../../lib/verify/judge.ts'
import { flipByte, runScope } from '../helpers/verify-run.ts'
import {
  BUCKET,
  buildAudio,
  type Kept,
  type KeepOptions,
  startVerifyWorld,
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
const audio = buildAudio('the recording')
const shorter = audio.subarray(0, audio.length - audio.length / 20)
const [sooner, until, latest] = [200, 300, 400].map(later) as [Date, Date, Date]

interface Case {
  readonly what: string
  readonly keep?: KeepOptions
  /** What happens to it after it was archived. */
  readonly happens?: (kept: Kept) => Promise<unknown>
  readonly env?: Readonly<Record<string, string>>
  readonly expected: readonly object[] | ((kept: Kept) => readonly object[])
}

const remove = (Key: string, VersionId?: string) =>
  world.client.send(
    new DeleteObjectCommand({ Bucket: BUCKET, Key, ...(VersionId !== undefined && { VersionId }) }),
  )
const any = expect.any(String) as unknown

const CASES: readonly Case[] = [
  {
    what: 'a byte that flipped on the disk',
    happens: ({ audioKey }) => flipByte(world, audioKey, 700),
    expected: ({ sha256 }) => [{ kind: 'sha256', object: 'audio', expected: sha256, found: any }],
  },
  {
    what: 'a frame less than was archived',
    keep: { audio, stored: shorter },
    expected: [
      { kind: 'size', object: 'audio', expected: String(audio.length), found: String(shorter.length) },
      { kind: 'sha256', object: 'audio', expected: any, found: any },
      { kind: 'frames', object: 'audio', expected: '20', found: '19' },
    ],
  },
  {
    what: 'as many bytes that are no MP3',
    keep: { audio, stored: Buffer.alloc(audio.length, 'no audio ') },
    expected: [
      { kind: 'sha256', object: 'audio', expected: any, found: any },
      { kind: 'not-audio', object: 'audio', expected: '20 MP3 frames' },
    ],
  },
  {
    what: 'a sidecar that says another number of frames',
    keep: { edit: (text) => text.replace('"frames": 20', '"frames": 21') },
    expected: [{ kind: 'frames', object: 'audio', expected: '21', found: '20' }],
  },
  {
    what: 'audio whose version was deleted for good',
    happens: ({ audioKey, versionId }) => remove(audioKey, versionId),
    expected: ({ versionId }) => [{ kind: 'missing-audio', object: 'audio', expected: versionId }],
  },
  {
    what: 'audio that is listed and cannot be got',
    happens: ({ audioKey }) => rm(join(world.directory, BUCKET, audioKey)),
    expected: ({ versionId }) => [{ kind: 'missing-audio', object: 'audio', expected: versionId }],
  },
  {
    what: 'a sidecar that was deleted for good, with a mark of it left',
    happens: async ({ sidecarKey }) => {
      const version = await world.put(sidecarKey, 'x')
      for (const key of await world.versionsOf(sidecarKey)) if (key !== version) await remove(sidecarKey, key)
      await remove(sidecarKey)
      await remove(sidecarKey, version)
    },
    expected: [{ kind: 'missing-sidecar', object: 'sidecar' }],
  },
  {
    what: 'a recording of which nothing is left',
    happens: async ({ sidecarKey, audioKey }) => {
      for (const key of [sidecarKey, audioKey])
        for (const version of await world.versionsOf(key)) await remove(key, version)
    },
    expected: [
      { kind: 'missing-sidecar', object: 'sidecar' },
      { kind: 'missing-audio', object: 'audio' },
    ],
  },
  {
    what: 'a sidecar that is no JSON',
    keep: { edit: () => 'nothing of that kind' },
    expected: [{ kind: 'unreadable-sidecar', object: 'sidecar', found: 'the sidecar is not JSON' }],
  },
  {
    what: 'a sidecar of another recording',
    keep: { edit: (text) => text.replaceAll(/"recordingId": "[^"]+"/g, '"recordingId": "another"') },
    expected: [
      { kind: 'unreadable-sidecar', object: 'sidecar', found: 'the sidecar is of another recording' },
    ],
  },
  {
    what: 'a sidecar that names audio elsewhere',
    keep: { edit: (text) => text.replace('"key": "recordings/', '"key": "elsewhere/') },
    expected: [
      {
        kind: 'unreadable-sidecar',
        object: 'sidecar',
        found: expect.stringContaining(
          'the sidecar names another place for its audio: elsewhere/',
        ) as unknown,
      },
    ],
  },
  {
    what: 'a sidecar that is larger than any',
    keep: { edit: (text) => text.padEnd(1_048_577) },
    expected: [
      {
        kind: 'unreadable-sidecar',
        object: 'sidecar',
        found: 'it has 1048577 bytes, more than any sidecar',
      },
    ],
  },
  {
    what: 'audio under a delete marker',
    happens: ({ audioKey }) => remove(audioKey),
    expected: [{ kind: 'deleted', object: 'audio', found: any }],
  },
  {
    what: 'a sidecar under a delete marker',
    happens: ({ sidecarKey }) => remove(sidecarKey),
    expected: [{ kind: 'deleted', object: 'sidecar', found: any }],
  },
  {
    what: 'audio that was written over, with the very same bytes',
    happens: (kept) => world.put(kept.audioKey, kept.audio),
    expected: ({ versionId }) => [{ kind: 'overwritten', object: 'audio', expected: versionId, found: any }],
  },
  {
    what: 'a sidecar that was written over',
    happens: (kept) => world.put(kept.sidecarKey, kept.sidecar),
    expected: [{ kind: 'overwritten', object: 'sidecar', expected: any, found: any }],
  },
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
    what: 'a legal hold on the audio alone',
    happens: ({ audioKey: Key }) =>
      world.client.send(new PutObjectLegalHoldCommand({ Bucket: BUCKET, Key, LegalHold: { Status: 'ON' } })),
    expected: [{ kind: 'hold-uneven', object: 'sidecar', expected: 'ON', found: 'OFF' }],
  },
]

describe('a mismatch is found, of every kind', () => {
  it.each(CASES)('$what', async ({ keep = {}, happens, env, expected }) => {
    const [kept, good] = [await world.keep(keep), await world.keep()]
    await happens?.(kept)
    const before = await world.keys('recordings/')
    const { end } = await runScope(
      world,
      { kind: 'ids', ids: [kept.id, good.id] },
      { ...(env !== undefined && { env }) },
    )
    const [verdict, ...others] = end.account.mismatches.filter(({ recordingId }) => recordingId === kept.id)
    expect(others).toEqual([])
    const wanted = typeof expected === 'function' ? expected(kept) : expected
    expect(verdict?.findings).toEqual(wanted)
    // Under another policy the good one lacks its lock, too.
    expect(end.account.tally).toMatchObject({
      recordings: 2,
      mismatches: env === undefined ? 1 : 2,
      unread: 0,
    })
    // The report says the same, and nothing else was touched.
    const report = (await world.reports()).at(-1)
    expect(report?.['mismatches']).toContainEqual(
      expect.objectContaining({
        recordingId: kept.id,
        findings: wanted.map((finding) => expect.objectContaining(finding) as unknown),
      }),
    )
    expect(await world.keys('recordings/')).toEqual(before)
  })

  it('has a case for every kind', () => {
    const kinds = CASES.flatMap(({ expected }) =>
      typeof expected === 'function' ? expected({ sha256: '', versionId: '' } as Kept) : expected,
    )
    expect(new Set(kinds.map((finding) => 'kind' in finding && finding.kind))).toEqual(new Set(MISMATCHES))
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
