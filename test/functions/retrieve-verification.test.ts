import { randomUUID } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { writeHolds } from '../../lib/retrieve/hold.ts'
import { ANNA } from '../helpers/api-event.ts'
import { startApiWorld } from '../helpers/api-world.ts'
import { flipByte } from '../helpers/verify-run.ts'
import { BUCKET, VERIFY_WORKSPACE } from '../helpers/verify-world.ts'

const UNTIL = new Date('2034-03-01T00:00:00Z')

describe('GET /recordings/{id}/verification', () => {
  it('has read every byte, and says that it is what was archived', async () => {
    const world = await startApiWorld()
    const lock = { mode: 'GOVERNANCE', until: UNTIL } as const
    const kept = await world.keep({ lock })
    const { status, body } = await world.ask({
      path: `/recordings/${kept.id}/verification`,
      query: 'reason=audit',
    })
    expect(status).toBe(200)
    expect(body).toEqual({
      recordingId: kept.id,
      workspaceId: VERIFY_WORKSPACE,
      verifiedAt: expect.any(String) as unknown,
      outcome: 'ok',
      audio: {
        bytes: kept.audio.length,
        sha256: kept.sha256,
        lock: { mode: 'GOVERNANCE', until: UNTIL.toISOString() },
        legalHold: false,
      },
      findings: [],
      orphans: [],
    })
    expect(world.requests.filter((request) => request === `GetObject ${kept.audioKey}`)).toHaveLength(1)
    expect(await world.accessLines()).toMatchObject([
      { action: 'verify', actor: ANNA, via: 'api', reason: 'audit', recordingIds: [kept.id] },
    ])
  })

  it('is of the workspace that has the recording, whatever lies under its name in another', async () => {
    const world = await startApiWorld({ BACKFILL_WORKSPACE_IDS: 'another' })
    const kept = await world.keep({ workspaceId: 'another' })
    const Key = `recordings/${VERIFY_WORKSPACE}/${kept.id}.mp3`
    await world.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'something else' }))
    expect(await world.ask(`/recordings/${kept.id}/verification`)).toMatchObject({
      status: 200,
      body: { workspaceId: 'another', outcome: 'ok' },
    })
  })

  it('finds a flipped byte, says what to do, and wakes whoever reads the log', async () => {
    const world = await startApiWorld()
    const kept = await world.keep()
    await flipByte(world, kept.audioKey, 600)
    const { status, body, events } = await world.ask(`/recordings/${kept.id}/verification`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      outcome: 'mismatch',
      findings: [
        {
          kind: 'sha256',
          object: 'audio',
          expected: kept.sha256,
          advice: expect.stringContaining('keep both objects') as unknown,
        },
      ],
    })
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'verify.mismatch', level: 'error', recordingId: kept.id }),
    )
  })

  it('finds what S3 itself cannot know: another version on top, audio without a sidecar', async () => {
    const world = await startApiWorld()
    const kept = await world.keep()
    await world.put(kept.audioKey, 'another')
    expect((await world.ask(`/recordings/${kept.id}/verification`)).body).toMatchObject({
      outcome: 'mismatch',
      findings: [{ kind: 'overwritten' }],
    })
    const bare = randomUUID()
    await world.put(`recordings/${VERIFY_WORKSPACE}/${bare}.mp3`, kept.audio)
    const clockwise = await world.ask(`/recordings/${bare}/verification`)
    expect(clockwise.body).toMatchObject({ outcome: 'on-its-way', findings: [], audio: { sha256: null } })
  })

  it('misses a hold that was taken off soon after it was placed, and says to place it again', async () => {
    const world = await startApiWorld()
    const kept = await world.keep()
    const path = `/recordings/${kept.id}/verification`
    expect((await world.ask(path)).body).toMatchObject({ outcome: 'ok' })
    const placed = { at: new Date(Date.now() - 360_000), by: 'ada', reason: 'why' }
    const cases = [{ caseNumber: 'A-17', placed, released: undefined }]
    await world.put(
      `holds/${VERIFY_WORKSPACE}/${kept.id}.json`,
      writeHolds({ workspaceId: VERIFY_WORKSPACE, recordingId: kept.id, cases, versions: [] }),
    )
    const advice = expect.stringMatching(/place the hold again(?!.*release)/) as unknown
    expect((await world.ask(path)).body).toMatchObject({
      outcome: 'mismatch',
      findings: ['sidecar', 'audio'].map((object) => ({ kind: 'hold-missing', object, advice })),
    })
  })

  it('looks into every workspace, and says where it was looked for', async () => {
    const world = await startApiWorld({ BACKFILL_WORKSPACE_IDS: 'other' })
    const kept = await world.keep({ workspaceId: 'other' })
    expect((await world.ask(`/recordings/${kept.id}/verification`)).body).toMatchObject({
      workspaceId: 'other',
      outcome: 'ok',
    })
    const missing = await world.ask(`/recordings/${randomUUID()}/verification`)
    expect(missing).toMatchObject({ status: 404, body: { workspaceIds: [VERIFY_WORKSPACE, 'other'] } })
  })

  it('that is too slow for a request is 504, which says what reads it', async () => {
    const world = await startApiWorld()
    const kept = await world.keep()
    world.faults = ({ operation, key }) =>
      operation === 'GetObject' && key === kept.audioKey ? { kind: 'body', stallAfterBytes: 100 } : undefined
    const reply = await world.ask(`/recordings/${kept.id}/verification`, { remainingMs: 2_000 })
    expect(reply).toMatchObject({
      status: 504,
      body: { detail: expect.stringContaining('bird-archive verify ID') as unknown },
    })
  })

  it('has no verdict of what could not be read: it is 503, and why is for the log alone', async () => {
    const world = await startApiWorld()
    const kept = await world.keep()
    world.faults = ({ operation, key }) =>
      operation === 'GetObject' && key === kept.audioKey
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    const { status, text, headers, events } = await world.ask(`/recordings/${kept.id}/verification`)
    expect([status, headers['retry-after']]).toEqual([503, '30'])
    expect(text).not.toMatch(/AccessDenied|role|recordings\//)
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'verify.unread',
        reason: expect.stringContaining('AccessDenied') as unknown,
      }),
    )
  })

  it('does not read what waits in Glacier', async () => {
    const world = await startApiWorld()
    const kept = await world.keep({ storageClass: 'GLACIER' })
    const reply = await world.ask(`/recordings/${kept.id}/verification`)
    expect(reply).toMatchObject({ status: 409, body: { finding: { kind: 'to-restore', isUnderWay: false } } })
    expect(world.requests).not.toContain(`GetObject ${kept.audioKey}`)
  })
})
