import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAttestation } from '../../lib/backfill/attest.ts'
import { clearDirectory } from '../../lib/cli/demo/directory.ts'
import { findLeaks } from '../../lib/cli/demo/leaks.ts'
import { jsonLines, run } from './command.ts'

/** The lines of a sweep over 12 recordings that have come to their end. */
const SETTLED = {
  archived: 10,
  sent: 0,
  'not-yet': 0,
  'nothing-to-archive': 2,
  'dead-lettered': 0,
  refused: 0,
}

let home = ''
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cli-demo-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

describe.concurrent('the demo', { timeout: 240_000 }, () => {
  test('accounts for every message, checks itself, tells where things are, and goes on with --keep', async () => {
    const data = join(home, 'plain')
    const { code, stdout } = await run(['demo', '--recordings', '12', '--data', data])
    expect(stdout).toContain('Checked from outside')
    expect(stdout).toContain('Nothing is missing')
    expect(stdout).toContain('12 recordings listed by Bird: 10 archived, 2 with nothing to archive')
    expect(stdout).toMatch(/\d+ of \d+ days attested/)
    expect(code).toBe(0)
    const [place = ''] = /\S+\.mp3/.exec(stdout) ?? []
    expect(existsSync(place)).toBe(true)
    expect(existsSync(place.replace(/mp3$/, 'json'))).toBe(true)
    const [attestation = ''] = /\S+backfill\/attestations\S+/.exec(stdout) ?? []
    expect(readAttestation(await readFile(attestation, 'utf8')).ok).toBe(true)
    const log = await readFile(join(data, 'function.log'), 'utf8')
    expect(log).toContain('recording.archived')
    expect(log).toContain('"event":"backfill.finished"')
    const days = log.split('\n').filter((line) => line.includes('"event":"window.swept"')).length

    const again = await run(['demo', '--keep', '--json', '--data', data])
    expect(again.code).toBe(0)
    const { summary, check } = jsonLines(again.stdout).at(-1) as {
      summary: { sweep: { windows: number; attested: number } }
      check: unknown
    }
    expect(check).toMatchObject({ ok: true, violations: [], proven: 10 })
    expect(summary).toMatchObject({
      recordings: 12,
      archived: 0,
      nothingToArchive: 2,
      sweep: { recordings: 12, lines: SETTLED, windows: days },
    })
    // Of 12 recordings none is a dead letter: only today, and soon after midnight yesterday, may lack its attestation.
    expect(summary.sweep.windows - summary.sweep.attested).toBeLessThanOrEqual(2)
  })

  test('loses nothing when the cloud is killed half-way', async () => {
    const data = join(home, 'chaos')
    const { code, stdout } = await run(['demo', '--recordings', '12', '--chaos', '--json', '--data', data])
    const lines = jsonLines(stdout)
    expect(lines.some(({ note }) => String(note).includes('kill -9'))).toBe(true)
    const progress = lines.flatMap((line) => ('progress' in line ? [JSON.stringify(line)] : []))
    expect(progress.filter((line, index) => line === progress[index - 1])).toEqual([])
    expect(lines.at(-1)).toMatchObject({
      summary: { sweep: { recordings: 12, lines: SETTLED } },
      check: { ok: true, violations: [], proven: 10, catalogRows: 10 },
    })
    expect(code).toBe(0)
  })

  test('deletes nothing that it has not made', async () => {
    const file = join(home, 'thesis.txt')
    await writeFile(file, 'years of work')
    for (const flags of [[], ['--keep']]) {
      const { code, stderr } = await run(['demo', '--recordings', '2', '--data', home, ...flags])
      expect(code).toBe(2)
      expect(stderr).toContain('was not made by the sandbox')
    }
    expect(await readFile(file, 'utf8')).toBe('years of work')
  })

  test('deletes nothing that was put beside what it has made', async () => {
    const data = join(home, 'shared')
    await mkdir(data)
    await writeFile(join(data, 'sandbox.json'), '{"pid":0}')
    await writeFile(join(data, 'thesis.txt'), 'years of work')
    await expect(clearDirectory(data)).rejects.toMatchObject({
      name: 'UsageError',
      faults: expect.arrayContaining(['thesis.txt: move it away']) as unknown,
    })
    expect(await readdir(data)).toEqual(['sandbox.json', 'thesis.txt'])

    await rm(join(data, 'thesis.txt'))
    await mkdir(join(data, 's3'))
    await clearDirectory(data)
    expect(await readdir(data)).toEqual([])
  })
})

test('the search for secrets finds each kind, and does not repeat it', () => {
  const secrets = { accessKeys: ['k3y-of-bird'], phoneNumbers: ['12025550123'] }
  expect(findLeaks('{"event":"recording.archived","bytes":1202555}', secrets)).toEqual([])
  expect(findLeaks('a k3y-of-bird b', secrets)).toEqual(['an access key was printed'])
  expect(findLeaks('?X-Amz-Signature=00', secrets)).toEqual(["a link's query was printed"])
  expect(findLeaks('from +12025550123', secrets)).toEqual(['1 phone numbers were printed'])
})
