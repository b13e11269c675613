import { createHash } from 'node:crypto'
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type BackfillCommand,
  createBackfillCommand,
  type Days,
  describeDays,
} from '../helpers/backfill-command.ts'
import { idsOf } from '../helpers/backfill-run.ts'
import { type BackfillWorld, startBackfillWorld } from '../helpers/backfill-world.ts'
import { jsonLines, run } from './command.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const DAYS = ['2024-02-28', '2024-02-29', '2024-03-01']
const RANGE = ['--from', '2024-02-28', '--to', '2024-03-02']
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

interface Attested {
  readonly window: string
  readonly key: string
  readonly digest: string
  readonly archived: number
}

let world: BackfillWorld
let program: BackfillCommand
let days: Days
/** What `report --json` says where all is well. */
let attested: readonly Attested[]
beforeAll(async () => {
  days = describeDays(DAYS)
  world = await startBackfillWorld({ calls: days.calls })
  program = createBackfillCommand(world)
  await world.archiveAll([...days.archived, ...days.missing])
  for (const { recordingId } of days.notYet) world.setStatus(recordingId, 'failed')
  await program.run(['backfill', ...RANGE])
  const [report] = jsonLines((await program.run(['report', ...RANGE, '--json'])).stdout)
  attested = report?.['attestations'] as Attested[]
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.requests.reset())

/** The lines `id sha256` of what is archived on a day: in this world a recording's digest is that of its id. */
function linesOf(day: string): string[] {
  const own = [...days.archived, ...days.missing].filter(({ metadata }) => metadata.createdAt.startsWith(day))
  return idsOf(own).map((id) => `${id} ${sha256(id)}`)
}

const digestOf = (lines: readonly string[]): string => sha256(lines.map((line) => `${line}\n`).join(''))

describe('where all is attested', () => {
  test('the table says so, with each attestation by its key, and one digest that anybody can reckon', async () => {
    const { code, stdout, stderr } = await program.run(['report', ...RANGE])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^ {2}archived +15$/m)
    expect(stdout).toMatch(/^ {2}nothing to archive +6 {2}(absent|failed) 3, (absent|failed) 3$/m)
    expect(stdout).toMatch(/^ {2}in all +21 {2}each in exactly one line$/m)
    expect(stdout).toContain('Attested: every window (3).')
    const whole = digestOf(DAYS.map((day) => `${day} ${digestOf(linesOf(day))}`))
    expect(stdout).toContain(`  digest ${whole}\n`)
    expect(stdout).toContain('Sure that no recording of this time is missing in this report:')
    expect(stdout).toMatch(/yes {2}Bird counts 21 recordings in all, 21 are known here/)
    for (const { window, key } of attested)
      expect(stdout).toMatch(new RegExp(`^ {2}${window} {2}5 archived {2}1.2 MB {2}.* UTC {2}${key}$`, 'm'))
    expect(stdout).not.toMatch(/\n\n\n/)
    expect(world.requests.bird.map(({ operation }) => operation)).toEqual(['getRecordingMetrics'])
  })

  test('its JSON names the attestations, and each holds what jq and sha256sum need', async () => {
    const { code, stdout } = await program.run(['report', ...RANGE, '--json'])
    const [report, ...more] = jsonLines(stdout)
    expect({ code, more }).toEqual({ code: 0, more: [] })
    expect(report).toMatchObject({
      recordings: 21,
      windows: { swept: 3, attested: 3, unswept: [] },
      attestedDigest: digestOf(DAYS.map((day) => `${day} ${digestOf(linesOf(day))}`)),
      attestationFaults: [],
      completeness: { sure: true },
    })
    expect(attested.map(({ window }) => window)).toEqual(DAYS)
    for (const { window, key, digest } of attested) {
      // jq -r '.archived[]' ATTESTATION.json | sha256sum
      const document = await world.json(key)
      expect(document['archived']).toEqual(linesOf(window))
      expect(digestOf(document['archived'] as string[])).toBe(digest)
      expect(document).toMatchObject({ digest: { value: digest }, counts: { recordings: 7, archived: 5 } })
    }
  })

  test('Bird is not asked for its count where more was swept than the report is about', async () => {
    const { code, stdout } = await program.run(['report', '--from', '2024-02-29', '--to', '2024-03-02'])
    expect({ code, bird: world.requests.bird }).toEqual({ code: 0, bird: [] })
    expect(stdout).toContain("?    Bird's own count covers all time, and was not compared with this range")
  })

  test('that Bird does not say its count leaves a question, and nothing else', async () => {
    world.birdFaults = () => ({ kind: 'respond', status: 403, body: { code: 'Forbidden', message: 'no' } })
    const { code, stdout } = await program.run(['report', ...RANGE])
    world.birdFaults = () => undefined
    expect(code).toBe(0)
    expect(stdout).toMatch(/\? {4}Bird's own count could not be had: .*403/)
  })
})

describe('what is not attested ends with 1:', () => {
  test('days that were never swept are said', async () => {
    const range = ['--from', '2024-02-26', '--to', '2024-03-03']
    const { code, stdout } = await program.run(['report', ...range])
    expect(code).toBe(1)
    expect(stdout).toContain('Attested: 3 of 3 swept windows.')
    expect(stdout).toContain('Never swept: 3 days, 2024-02-26 to 2024-02-27, 2024-03-02.')
    expect(stdout).toContain('NO   3 of 6 days were never swept')
    expect(stdout).not.toContain('digest')
    const [report] = jsonLines((await program.run(['report', ...range, '--json'])).stdout)
    const unswept = ['2024-02-26', '2024-02-27', '2024-03-02']
    expect(report).toMatchObject({ windows: { swept: 3, attested: 3, unswept }, attestedDigest: null })
  })

  test('a workspace that was never swept is, beside one that is attested', async () => {
    const workspaces = ['--workspace', world.workspaceId, '--workspace', 'another-workspace']
    const { code, stdout } = await program.run(['report', ...RANGE, ...workspaces, '--json'])
    expect(code).toBe(1)
    expect(jsonLines(stdout)).toMatchObject([
      { workspaceId: world.workspaceId, windows: { attested: 3 } },
      { workspaceId: 'another-workspace', windows: { attested: 0, unswept: DAYS } },
    ])
  })

  test('the workspaces that are named stand in place of the configured ones', async () => {
    const { stdout } = await program.run(['report', ...RANGE, '--workspace', 'another-workspace', '--json'])
    expect(jsonLines(stdout)).toMatchObject([{ workspaceId: 'another-workspace', windows: { swept: 0 } }])
    expect(jsonLines(stdout)).toHaveLength(1)
  })

  test('a time must be named', async () => {
    const { code, stderr } = await run(['report'])
    expect(code).toBe(2)
    expect(stderr).toContain("required option '--from <day>' not specified")
  })
})

describe('an attestation that is not what it has to be is named, and ends with 1:', () => {
  let [key, text] = ['', '']
  beforeEach(async () => {
    key = attested[1]?.key ?? ''
    text = JSON.stringify(await world.json(key))
  })
  afterEach(() => world.put(key, text))

  async function expectFault(fault: string): Promise<void> {
    const { code, stdout } = await program.run(['report', ...RANGE])
    expect(code).toBe(1)
    expect(stdout).toContain(`  2024-02-29  ${key}: ${fault}\n`)
    expect(stdout).toContain('Attested: 2 of 3 swept windows.')
    expect(stdout).not.toContain('Nothing is left')
    expect(stdout).not.toMatch(/^ {2}digest /m)
    const [report] = jsonLines((await program.run(['report', ...RANGE, '--json'])).stdout)
    expect(report).toMatchObject({
      attestedDigest: null,
      attestations: [{ window: '2024-02-28' }, { window: '2024-03-01' }],
      attestationFaults: [{ window: '2024-02-29', key, fault }],
    })
  }

  const flip = (hex: string): string => (hex.startsWith('0') ? '1' : '0') + hex.slice(1)

  test('a flipped digest', async () => {
    const { digest = '' } = attested[1] ?? {}
    await world.put(key, text.replace(digest, flip(digest)))
    await expectFault('its digest is not that of its list')
  })

  test('a recording with another digest', async () => {
    const [line = ''] = linesOf('2024-02-29')
    await world.put(key, text.replace(line, `${line.slice(0, 37)}${flip(line.slice(37))}`))
    await expectFault('its digest is not that of its list')
  })

  test('a recording that was taken out, with a digest to match', async () => {
    const archived = linesOf('2024-02-29').slice(1)
    const { digest, counts, ...rest } = JSON.parse(text) as { digest: object; counts: object }
    const forged = {
      ...rest,
      archived,
      digest: { ...digest, value: digestOf(archived) },
      counts: { ...counts, recordings: 6, archived: 4 },
    }
    await world.put(key, JSON.stringify(forged))
    await expectFault('it has another digest than it should')
  })

  test('one of another day', async () => {
    await world.put(key, text.replaceAll('2024-02-29', '2024-02-30'))
    await expectFault('it is of another window')
  })

  test('text that is none', async () => {
    await world.put(key, 'nothing')
    await expectFault('it is not JSON')
  })

  test('one that is gone', async () => {
    await remove(key)
    await expectFault('it is not there')
  })

  test('a sweep that finds other text under its name does not take it for its own', async () => {
    const ledger = `backfill/windows/${world.workspaceId}/2024-02-29.json`
    await world.put(key, 'nothing')
    await remove(ledger)
    const { code, stderr } = await program.run(['backfill', ...RANGE])
    expect(code).toBe(1)
    expect(stderr).toContain(
      `2024-02-29 could not be swept: StoreError: ${key} is taken, and not by this attestation: it is not JSON`,
    )
    await world.put(key, text)
    expect((await program.run(['backfill', ...RANGE])).code).toBe(0)
    expect((await program.run(['report', ...RANGE])).code).toBe(0)
  })
})

async function remove(key: string): Promise<void> {
  const client = new S3Client({ forcePathStyle: true })
  await client.send(new DeleteObjectCommand({ Bucket: 'archive', Key: key }))
  client.destroy()
}
