import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asAnna, catalogue } from '../helpers/kept-state.ts'
import { unzip } from '../helpers/unzip.ts'
import { type Kept, startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { jsonLines } from './command.ts'

let world: VaultWorld
let directory: string
let output: string
beforeAll(async () => {
  world = await startVaultWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'export-'))
  output = join(directory, 'case.zip')
  world.faults = () => undefined
  world.requests.length = 0
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const export_ = (...args: string[]) =>
  asAnna(world, 'export', '-o', output, '--reason', 'court order', '--case', '4711', ...args)
const readZip = async () => unzip(await readFile(output))
const CALL = { createdAt: '2026-03-01T09:00:00Z' }
const audioOf = ({ id }: Kept) => `recordings/2026-03-01-${id}.mp3`
const sidecarOf = ({ id }: Kept) => `recordings/2026-03-01-${id}.json`

interface Manifest {
  complete: boolean
  problems: string[]
  recordings: { recordingId: string; audio: string | null; problem: string | null }[]
  files: { name: string; bytes: number; sha256: string }[]
}
const manifestOf = (files: Map<string, Buffer>) => JSON.parse(String(files.get('manifest.json'))) as Manifest
/** What `sha256sum -c SHA256SUMS` says of the unpacked files. */
function checkSums(files: Map<string, Buffer>): { ok: string[]; failed: string[] } {
  const [ok, failed]: [string[], string[]] = [[], []]
  for (const line of String(files.get('SHA256SUMS')).trimEnd().split('\n')) {
    const [, digest = '', name = ''] = /^([0-9a-f]{64}) {2}(\S.*)$/.exec(line) ?? []
    const body = files.get(name)
    const found = body && createHash('sha256').update(body).digest('hex')
    ;(found === digest ? ok : failed).push(name)
  }
  return { ok, failed }
}

describe('an export', () => {
  it('holds audio, sidecars, access lines, a manifest, sums and an index, all of which agree', async () => {
    const [one, two] = [await world.keep({ metadata: CALL }), await world.keep({ metadata: CALL })]
    await asAnna(world, 'show', one.id, '--reason', 'looked at before')
    const { code, stdout } = await export_(one.id, two.id)
    expect(code).toBe(0)
    const files = await readZip()
    expect([...files.keys()].toSorted()).toEqual(
      [
        'SHA256SUMS',
        'access.ndjson',
        'index.html',
        'manifest.json',
        ...[one, two].flatMap((kept) => [audioOf(kept), sidecarOf(kept)]),
      ].toSorted(),
    )
    for (const kept of [one, two]) {
      expect(files.get(audioOf(kept))?.equals(kept.audio)).toBe(true)
      expect(String(files.get(sidecarOf(kept)))).toBe(await world.text(kept.sidecarKey))
    }
    const sums = checkSums(files)
    expect(sums.failed).toEqual([])
    expect(sums.ok.toSorted()).toEqual([...files.keys()].filter((name) => name !== 'SHA256SUMS').toSorted())
    const manifest = manifestOf(files)
    expect(manifest).toMatchObject({
      complete: true,
      actor: 'anna',
      reason: 'court order',
      caseNumber: '4711',
      counts: { recordings: 2, sound: 2, audioBytes: one.audio.length + two.audio.length },
    })
    for (const { name, bytes } of manifest.files)
      expect([name, files.get(name)?.length]).toEqual([name, bytes])
    const lines = jsonLines(String(files.get('access.ndjson')))
    expect(lines.map(({ action, reason }) => [action, reason])).toEqual([
      ['show', 'looked at before'],
      ['export', 'court order'],
    ])
    const digest = createHash('sha256')
      .update(files.get('SHA256SUMS') ?? '')
      .digest('hex')
    expect(stdout).toContain(digest)
    expect(await world.accessLines()).toContainEqual(
      expect.objectContaining({ action: 'export', detail: expect.stringContaining(digest) }),
    )
    expect((await stat(output)).mode & 0o777).toBe(0o600)
    expect(await readdir(directory)).toEqual(['case.zip'])
  })

  it('has its line in the access log before the first byte of audio is read', async () => {
    const kept = await world.keep()
    await export_(kept.id)
    const line = world.requests.findIndex((request) => request.startsWith('PutObject access/'))
    expect(line).toBeGreaterThanOrEqual(0)
    expect(world.requests.indexOf(`GetObject ${kept.audioKey}`)).toBeGreaterThan(line)
  })

  it('takes what the criteria find', async () => {
    const number = { number: { type: 'pstn', number: '4930123456' } }
    const [wanted, other] = [
      await world.keep({ metadata: { ...CALL, originator: number } }),
      await world.keep({ metadata: CALL }),
    ]
    await catalogue(world, wanted, other)
    expect(
      (await export_('--number', '+49 30 123456', '--from', '2026-03-01', '--to', '2026-03-02')).code,
    ).toBe(0)
    const files = await readZip()
    expect([...files.keys()].filter((name) => name.endsWith('.mp3'))).toEqual([audioOf(wanted)])
    expect(String(files.get('index.html'))).toContain('+4930123456')
  })

  it('goes on where a transfer breaks', async () => {
    const kept = await world.keep({ metadata: CALL })
    let breaks = 2
    world.faults = ({ operation, key }) =>
      operation === 'GetObject' && key === kept.audioKey && breaks-- > 0
        ? { kind: 'body', cutAfterBytes: 100_000 }
        : undefined
    expect((await export_(kept.id)).code).toBe(0)
    expect((await readZip()).get(audioOf(kept))?.equals(kept.audio)).toBe(true)
  })
})

describe('an export that cannot have all', () => {
  it('has the rest, and names what is missing, altered, in Glacier or unreadable', async () => {
    const good = await world.keep({ metadata: CALL })
    const altered = await world.keep({ metadata: CALL })
    const cold = await world.keep({ metadata: CALL, storageClass: 'GLACIER' })
    const lost = await world.keep({ metadata: CALL })
    const broken = await world.keep({ metadata: CALL })
    await world.client.send(
      new DeleteObjectCommand({ Bucket: 'archive', Key: lost.audioKey, VersionId: lost.versionId }),
    )
    const flipped = Buffer.from(altered.audio)
    flipped[77] = (flipped[77] ?? 0) ^ 1
    world.faults = ({ operation, key, headers }) => {
      if (operation !== 'GetObject') return undefined
      if (key === altered.audioKey) return { kind: 'body', replace: flipped }
      if (key !== broken.audioKey) return undefined
      return headers.range === undefined
        ? { kind: 'body', cutAfterBytes: 70_000 }
        : { kind: 'error', status: 403, code: 'InvalidObjectState' }
    }
    const nobody = '6e3e7e66-7a53-4c65-a7c8-4f4a2a0c0000'
    const ids = [altered, cold, lost, broken, good].map(({ id }) => id)
    const { code, stdout, stderr } = await export_(nobody, ...ids, '--json')
    expect(code).toBe(1)
    const files = await readZip()
    const { complete, recordings } = manifestOf(files)
    expect(complete).toBe(false)
    expect(
      recordings.map(({ recordingId, problem, audio }) => [recordingId, problem, audio !== null]),
    ).toEqual([
      [nobody, expect.stringMatching(/not archived/), false],
      [altered.id, expect.stringMatching(/NOT what was archived/), true],
      [cold.id, expect.stringMatching(/lies in GLACIER and must be restored/), false],
      [lost.id, expect.stringMatching(/its audio is not/), false],
      [broken.id, expect.stringMatching(/ends early/), true],
      [good.id, null, true],
    ])
    expect(checkSums(files).failed.toSorted()).toEqual([audioOf(altered), audioOf(broken)].toSorted())
    expect(files.has(sidecarOf(lost))).toBe(true)
    expect(files.get(audioOf(good))?.equals(good.audio)).toBe(true)
    for (const id of [nobody, altered.id, cold.id, lost.id, broken.id]) expect(stderr).toContain(id)
    expect(jsonLines(stdout)).toMatchObject([{ complete: false, recordings: 6 }])
    expect(String(files.get('index.html'))).toMatch(/Not complete: 5 of 6/)
  })

  it.each([
    ['first', false],
    ['last', true],
  ])('exports nothing where its %s line of the access log cannot be written', async (which, isRead) => {
    const kept = await world.keep()
    let lines = 0
    world.faults = ({ operation, key }) => {
      if (operation !== 'PutObject' || !key.startsWith('access/')) return undefined
      lines += 1
      return which === 'first' || lines > 1 ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined
    }
    expect((await export_(kept.id)).code).toBe(2)
    expect(await readdir(directory)).toEqual([])
    expect(world.requests.includes(`GetObject ${kept.audioKey}`)).toBe(isRead)
  })

  it('overwrites nothing, unless it is told to', async () => {
    const kept = await world.keep()
    await writeFile(output, 'another case')
    expect(await export_(kept.id)).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') })
    expect(await readFile(output, 'utf8')).toBe('another case')
    expect(world.requests).toEqual([])
    expect((await export_(kept.id, '--force')).code).toBe(0)
    expect((await readZip()).size).toBe(6)
  })

  it('is none where nothing is found', async () => {
    expect(
      await export_('--number', '+49 30 000000', '--from', '2020-01-01', '--to', '2020-01-02'),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no recording was found'),
    })
    expect(await readdir(directory)).toEqual([])
  })

  it('begins anew where one was killed, and says so', async () => {
    const kept = await world.keep()
    await writeFile(`${output}.part`, 'PK\u0003\u0004half a zip')
    expect(await export_(kept.id)).toMatchObject({ code: 0, stderr: expect.stringContaining('begins anew') })
    expect(await readdir(directory)).toEqual(['case.zip'])
    expect((await readZip()).size).toBe(6)
  })
})
