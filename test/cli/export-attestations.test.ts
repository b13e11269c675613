import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeAttestation } from '../../lib/backfill/attest.ts'
import { createBackfillKeys } from '../../lib/backfill/keys.ts'
import { windowNamed } from '../../lib/backfill/window.ts'
import { asAnna } from '../helpers/kept-state.ts'
import { unzip } from '../helpers/unzip.ts'
import { type Kept, startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'

let world: VaultWorld
let directory: string
beforeEach(async () => {
  world = await startVaultWorld()
  directory = await mkdtemp(join(tmpdir(), 'export-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
  await world[Symbol.asyncDispose]()
})

const keep = () => world.keep({ metadata: { createdAt: '2026-03-01T09:00:00Z' } })
const NONE = '0'.repeat(64)

/** Attests a window as the sweep does; resolves to the key. */
async function attest(name: string, recordings: readonly Pick<Kept, 'id' | 'sha256'>[]): Promise<string> {
  const window = windowNamed(name)
  if (window === undefined) throw new Error(`${name} is no window`)
  const { text, factsDigest } = writeAttestation({
    workspaceId: 'ours',
    window,
    evidence: recordings.map(({ id, sha256 }) => ({ recordingId: id, sha256, bytes: 1 })),
    exceptions: [],
    listingsAgreed: 2,
    now: new Date(),
    version: 'test',
  })
  const key = createBackfillKeys('').attestation('ours', name, factsDigest)
  await world.put(key, text)
  return key
}

async function exportOf(kept: Kept) {
  const output = join(directory, 'case.zip')
  const { code, stderr } = await asAnna(world, 'export', '-o', output, '--reason', 'court order', kept.id)
  const files = unzip(await readFile(output))
  const { complete, problems, recordings } = JSON.parse(String(files.get('manifest.json'))) as {
    complete: boolean
    problems: string[]
    recordings: object[]
  }
  const attestations = [...files.keys()].filter((name) => name.startsWith('attestations/'))
  return { code, stderr, files, complete, problems, recordings, attestations }
}

describe('an export', () => {
  it('has the attestations of the days and hours of its recordings, whole, in the list of digests', async () => {
    const [kept, other] = [await keep(), await keep()]
    const keys = [await attest('2026-03-01', [kept, other]), await attest('2026-03-01T05', [other])]
    await attest('2026-03-02', [])
    const { code, files, attestations } = await exportOf(kept)
    expect(code).toBe(0)
    expect(attestations).toEqual(keys.map((key) => key.replace('backfill/', '')))
    for (const key of keys) {
      const text = files.get(key.replace('backfill/', ''))
      expect(String(text)).toBe(await world.text(key))
      const digest = createHash('sha256').update(String(text)).digest('hex')
      expect(String(files.get('SHA256SUMS'))).toContain(digest)
    }
  })

  it('says where a recording was attested with another digest than its sidecar has', async () => {
    const kept = await keep()
    const key = await attest('2026-03-01', [{ id: kept.id, sha256: NONE }])
    const { code, stderr, files, complete, problems, recordings, attestations } = await exportOf(kept)
    expect([code, complete, attestations.length]).toEqual([1, false, 1])
    const problem = `it was attested with SHA-256 ${NONE} (${key}), and its sidecar says ${kept.sha256}: one of the two was written over; delete nothing, and look at the versions of both`
    expect([problems, recordings]).toEqual([[], [expect.objectContaining({ problem })]])
    expect(stderr).toContain(`${kept.id}: ${problem}`)
    expect(String(files.get('index.html'))).toContain('Not complete: 1 of 1 recordings are missing or not as')
  })

  it.each([
    ['is none', () => '{"day":1}', 'no attestation that can be relied on'],
    [
      'has another list than it has digested',
      (text: string) => text.replaceAll(/ [0-9a-f]{64}"/g, ` ${NONE}"`),
      'its digest is not that of its list',
    ],
    [
      'is of another workspace',
      (text: string) => text.replaceAll('"ours"', '"theirs"'),
      'of another workspace',
    ],
  ])('names one that %s', async (_, spoil, problem) => {
    const kept = await keep()
    const key = await attest('2026-03-01', [kept])
    await world.put(key, spoil(await world.text(key)))
    const { code, complete, problems } = await exportOf(kept)
    expect([code, complete]).toEqual([1, false])
    expect(problems).toEqual([expect.stringContaining(problem)])
  })

  it('takes no folder for an attestation, nor what somebody else has put there, and names them', async () => {
    const kept = await keep()
    const key = await attest('2026-03-01', [kept])
    const place = 'backfill/attestations/ours/2026-03-01'
    const others = [
      `${place}/`,
      `${place}/a\nb.json`,
      `${place} copy/00112233aabbccdd.json`,
      `${place}/../x.json`,
    ]
    for (const other of others) await world.put(other, '{"day":1}')
    const { code, stderr, files, complete, problems, attestations } = await exportOf(kept)
    expect([code, complete]).toEqual([1, false])
    expect(attestations).toEqual([key.replace('backfill/', '')])
    expect(String(files.get('SHA256SUMS')).trimEnd().split('\n')).toHaveLength(files.size - 1)
    expect(problems.map((problem) => problem.split(' lies among the attestations')[0])).toEqual(
      others.toSorted(),
    )
    expect(stderr).toContain(`${place}/ lies among the attestations`)
  })
})
