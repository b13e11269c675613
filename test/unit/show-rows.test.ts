import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSidecar, type Sidecar } from '../../lib/archive/sidecar.ts'
import { waysToCheck } from '../../lib/cli/show-rows.ts'
import { AUDIO, EXAMPLE_ID, MEDIA, recordingOf, writeExample } from '../helpers/sidecars.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'paste-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** What a shell makes of a line that is pasted into it: the words that each program gets. */
function paste(line: string): { words: string[]; files: string[] } {
  const echo = `show() { for word; do printf '%s\\0' "$word"; done; }; aws() { show "$@"; }; echo() { show "$@"; }
sha256sum() { cat; }
${line}`
  const words = execFileSync('sh', ['-c', echo], { cwd: directory, encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)
  return { words, files: readdirSync(directory) }
}

function sidecarWith(versionId: string): Sidecar {
  const recording = recordingOf({ createdAt: '2026-11-23T12:00:00Z' })
  const read = readSidecar(JSON.stringify(writeExample({ recording, audio: { ...AUDIO, versionId } })))
  if (!read.ok) throw new Error(read.reason)
  return read.sidecar
}

describe('a command to paste', () => {
  it.each([
    'v1.a_b-C+/=',
    '$(touch x)',
    '`touch x`',
    '; touch x #',
    "'; touch x; '",
    '"$(touch x)"',
    '--endpoint-url=x',
    '',
    'a b',
  ])('gives the version %j as a word', (versionId) => {
    const [get = '', sum = ''] = waysToCheck(sidecarWith(versionId), 'archive')
    const name = `2026-11-23-${EXAMPLE_ID}.mp3`
    expect(paste(get)).toEqual({
      words: [
        's3api',
        'get-object',
        '--bucket',
        'archive',
        '--key',
        AUDIO.key,
        `--version-id=${versionId}`,
        name,
      ],
      files: [],
    })
    expect(paste(sum)).toEqual({ words: [`${MEDIA.sha256}  ${name}`], files: [] })
  })
})
