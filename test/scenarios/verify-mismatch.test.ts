import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MISMATCHES } from '../../lib/verify/judge.ts'
import { type Case, expectFound, kindsOf } from '../helpers/verify-case.ts'
import { flipByte } from '../helpers/verify-run.ts'
import { BUCKET, buildAudio, startVerifyWorld, type VerifyWorld } from '../helpers/verify-world.ts'

let world: VerifyWorld
beforeAll(async () => {
  world = await startVerifyWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const audio = buildAudio('the recording')
const shorter = audio.subarray(0, audio.length - audio.length / 20)
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
    expected: [{ kind: 'missing-sidecar', object: 'sidecar', found: 'the mark that it was deleted' }],
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
]

describe('a mismatch is found, of every kind', () => {
  it.each(CASES)('$what', async (broken) => {
    await expectFound(world, broken)
  })

  it('has a case for every kind; those of locks and holds are in verify-protection.test.ts', () => {
    expect(kindsOf(CASES)).toEqual(new Set(MISMATCHES.filter((kind) => !/^(?:lock|hold)-/.test(kind))))
  })
})
