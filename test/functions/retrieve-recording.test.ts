import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand, PutObjectCommand, PutObjectLegalHoldCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { ANNA } from '../helpers/api-event.ts'
import { startApiWorld } from '../helpers/api-world.ts'
import { BUCKET, VERIFY_WORKSPACE } from '../helpers/verify-world.ts'

const UNTIL = new Date('2034-03-01T00:00:00Z')

describe('GET /recordings/{id}', () => {
  it('gives the sidecar as it lies there, the object as it is, and has written down who asked, and why', async () => {
    const world = await startApiWorld()
    const kept = await world.keep({
      lock: { mode: 'GOVERNANCE', until: UNTIL },
      edit: (text) => text.replace('"frames": 20', '"drift": 0.10000000000000000001, "frames": 20'),
    })
    await world.client.send(
      new PutObjectLegalHoldCommand({ Bucket: BUCKET, Key: kept.audioKey, LegalHold: { Status: 'ON' } }),
    )
    const { status, text, body } = await world.ask({
      path: `/recordings/${kept.id}`,
      query: 'reason=complaint%204711&caseNumber=4711',
    })
    expect(status).toBe(200)
    expect(text).toContain(kept.sidecar.trim())
    expect(text).toContain('"drift": 0.10000000000000000001')
    expect(body).toEqual({
      recordingId: kept.id,
      workspaceId: VERIFY_WORKSPACE,
      sidecar: JSON.parse(kept.sidecar) as unknown,
      audio: {
        bytes: kept.audio.length,
        versionId: kept.versionId,
        sha256: null,
        storageClass: 'STANDARD',
        archiveStatus: null,
        restoredUntil: null,
        lock: { mode: 'GOVERNANCE', until: UNTIL.toISOString() },
        legalHold: true,
      },
      finding: null,
    })
    expect(await world.accessLines()).toEqual([
      expect.objectContaining({
        action: 'show',
        actor: ANNA,
        via: 'api',
        reason: 'complaint 4711',
        caseNumber: '4711',
        workspaceId: VERIFY_WORKSPACE,
        recordingIds: [kept.id],
      }),
    ])
  })

  it.each([
    ['in capitals', (id: string) => ({ path: `/recordings/${id.toUpperCase()}` })],
    ['with a trailing slash', (id: string) => ({ path: `/recordings/${id}/` })],
    ['escaped', (id: string) => ({ path: `/recordings/%${id.charCodeAt(0).toString(16)}${id.slice(1)}` })],
    ['escaped, with a slash', (id: string) => ({ path: `/record%69ngs/${id}/` })],
    ['in a stage of another name', (id: string) => ({ path: `/recordings/${id}`, stage: 'live' })],
    ['in a stage, with a slash', (id: string) => ({ path: `/recordings/${id}/`, stage: 'live' })],
    [
      'in a stage that is called like us',
      (id: string) => ({ path: `/recordings/${id}/`, stage: 'recordings' }),
    ],
    [
      "under a custom domain's mapping",
      (id: string) => ({ path: `/recordings/${id}`, mapping: '/calls/v1' }),
    ],
  ])('finds an id that is written %s', async (_, callOf) => {
    const world = await startApiWorld()
    const { id } = await world.keep()
    expect(await world.ask(callOf(id))).toMatchObject({ status: 200, body: { recordingId: id } })
  })

  it('answers HEAD as GET, less the body, and writes that down, too', async () => {
    const world = await startApiWorld()
    const { id } = await world.keep()
    const reply = await world.ask({ path: `/recordings/${id}`, method: 'HEAD' })
    expect(reply).toMatchObject({ status: 200, text: '', headers: { 'content-type': 'application/json' } })
    expect(await world.accessLines()).toMatchObject([{ action: 'show', recordingIds: [id] }])
    expect(await world.ask({ path: `/recordings/${randomUUID()}`, method: 'HEAD' })).toMatchObject({
      status: 404,
      text: '',
    })
  })

  it('says that it is not archived, and where it was looked for', async () => {
    const world = await startApiWorld({ BACKFILL_WORKSPACE_IDS: 'one,other' })
    const path = `/recordings/${randomUUID()}`
    const { status, body } = await world.ask(path)
    expect(status).toBe(404)
    expect(body).toMatchObject({
      type: 'urn:bird-recording-archiver:problem:not-archived',
      workspaceIds: [VERIFY_WORKSPACE, 'one', 'other'],
    })
    const named = await world.ask({ path, query: 'workspace=another' })
    expect(named.body['workspaceIds']).toEqual(['another'])
    expect(await world.accessLines()).toEqual([])
  })

  it('looks into every workspace, or into the one that is named', async () => {
    const world = await startApiWorld({ BACKFILL_WORKSPACE_IDS: 'other' })
    const { id } = await world.keep({ workspaceId: 'other' })
    expect(await world.ask(`/recordings/${id}`)).toMatchObject({
      status: 200,
      body: { workspaceId: 'other' },
    })
    const named = { path: `/recordings/${id}`, query: `workspace=${VERIFY_WORKSPACE}` }
    expect(await world.ask(named)).toMatchObject({ status: 404 })
    expect(await world.accessLines()).toMatchObject([{ workspaceId: 'other' }])
  })

  it('never answers with success where the audio is another one', async () => {
    const world = await startApiWorld()
    const kept = await world.keep({ stored: Buffer.from('something else') })
    const { status, body } = await world.ask(`/recordings/${kept.id}`)
    expect(status).toBe(409)
    expect(body).toMatchObject({
      type: 'urn:bird-recording-archiver:problem:evidence-differs',
      finding: {
        kind: 'altered',
        archived: { bytes: kept.audio.length, sha256: kept.sha256 },
        found: { bytes: 14 },
      },
    })
    // Digests were told, so that has a line.
    expect(await world.accessLines()).toMatchObject([{ action: 'show', recordingIds: [kept.id] }])
  })

  it('never answers with success where the audio is gone, or the sidecar is none', async () => {
    const world = await startApiWorld()
    const [gone, odd] = [await world.keep(), await world.keep({ edit: () => '{"schema": "ours"}' })]
    const version = { Bucket: BUCKET, Key: gone.audioKey, VersionId: gone.versionId }
    await world.client.send(new DeleteObjectCommand(version))
    expect(await world.ask(`/recordings/${gone.id}`)).toMatchObject({
      status: 409,
      body: { finding: { kind: 'no-audio', versionId: gone.versionId } },
    })
    expect(await world.ask(`/recordings/${odd.id}`)).toMatchObject({
      status: 409,
      body: { finding: { kind: 'unreadable-sidecar' } },
    })
  })

  it.each(['deleted', 'written over'])(
    'never says that there is nothing where the sidecar was %s',
    async (what) => {
      const world = await startApiWorld()
      const kept = await world.keep()
      const target = { Bucket: BUCKET, Key: kept.audioKey.replace('.mp3', '.json') }
      await (what === 'deleted'
        ? world.client.send(new DeleteObjectCommand(target))
        : world.client.send(new PutObjectCommand({ ...target, Body: '{}' })))
      for (const [method, route] of [
        ['GET', `/recordings/${kept.id}`],
        ['POST', `/recordings/${kept.id}/link`],
      ] as const)
        expect(await world.ask({ method, path: route })).toMatchObject({
          status: 409,
          body: { finding: { kind: 'unreadable-sidecar' } },
        })
      const verified = await world.ask(`/recordings/${kept.id}/verification`)
      expect(verified).toMatchObject({ status: 200, body: { outcome: 'mismatch' } })
    },
  )

  it('shows what waits in Glacier, and that it does', async () => {
    const world = await startApiWorld()
    const { id } = await world.keep({ storageClass: 'GLACIER' })
    expect(await world.ask(`/recordings/${id}`)).toMatchObject({
      status: 200,
      body: {
        audio: { storageClass: 'GLACIER', restoredUntil: null },
        finding: { kind: 'to-restore', isUnderWay: false },
      },
    })
  })

  it.each([
    ['no id', 'not-an-id', '', ['the id in the path is no recording id (a UUID)']],
    ['a path out of the folder', '..%2F..%2Faccess', '', ['the id in the path is no recording id (a UUID)']],
    ['a very long id', 'a'.repeat(9000), '', ['the id in the path is no recording id (a UUID)']],
    [
      'several faults',
      'x',
      `workspace=a/b&reason=a%0Ab&caseNumber=${'c'.repeat(101)}&colour=red&number=+4930123456&%2B4930123456=1`,
      [
        '"colour" is no parameter of this address',
        '"number" is no parameter of this address',
        '"…" is no parameter of this address',
        'the id in the path is no recording id (a UUID)',
        'workspace has characters that no workspace id has',
        'the reason holds line breaks or control characters: use plain text',
        'the case number has 101 characters: 100 at most',
      ],
    ],
    ['a parameter twice', randomUUID(), 'reason=a&reason=b', ['reason is given 2 times: once at most']],
    [
      'a very long value',
      randomUUID(),
      `reason=${'r'.repeat(5000)}`,
      ['reason has more than 1000 characters'],
    ],
    [
      'what objects inherit',
      randomUUID(),
      '__proto__=1&constructor=2',
      ['"__proto__" is no parameter of this address', '"constructor" is no parameter of this address'],
    ],
  ])('refuses %s, and asks the bucket nothing', async (_, id, query, faults) => {
    const world = await startApiWorld()
    const { status, body } = await world.ask({ path: `/recordings/${id}`, query })
    expect(status).toBe(400)
    expect(body).toMatchObject({ type: 'urn:bird-recording-archiver:problem:invalid-request', faults })
    expect(world.requests).toEqual([])
  })

  it('asks for a reason where the deployment does', async () => {
    const world = await startApiWorld({ RETRIEVE_REASON_REQUIRED: 'true' })
    const { id } = await world.keep()
    for (const query of ['', 'reason=', 'reason=%20%20'])
      expect(await world.ask({ path: `/recordings/${id}`, query })).toMatchObject({
        status: 400,
        body: { faults: [expect.stringContaining('reason is required')] },
      })
    expect(world.requests).toEqual([])
    const query = 'reason=%E8%8B%A6%E6%83%85'
    expect(await world.ask({ path: `/recordings/${id}`, query })).toMatchObject({ status: 200 })
    expect(await world.accessLines()).toMatchObject([{ reason: '苦情' }])
  })
})
