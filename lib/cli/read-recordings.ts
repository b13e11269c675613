import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { type AskedFor, readIds } from './ids.ts'
import { count, printHint } from './print.ts'
import { UsageError } from './usage-error.ts'

/**
 * Reads which recordings a command is for: those named as arguments, then those of a file or of stdin (`-`).
 * @throws UsageError with every line that can't be read, or if nothing is named at all
 */
export async function readRecordings(
  ids: readonly string[],
  file: string | undefined,
): Promise<{ recordings: readonly AskedFor[]; duplicates: number }> {
  if (ids.length === 0 && file === undefined)
    throw new UsageError('Which recordings?', [
      'name their ids, or a file of ids with --ids FILE (- for stdin)',
    ])
  // Arguments are read like lines, so that both are judged alike; none of them can hold a second line.
  const named = readIds(ids.map((id) => id.replaceAll(/\s/g, ' ')).join('\n'), 'argument')
  const listed = readIds(
    file === undefined ? '' : await readList(file),
    file === '-' ? 'stdin' : (file ?? ''),
  )
  const faults = [...named.faults, ...listed.faults]
  if (faults.length > 0)
    throw new UsageError(
      `${count(faults.length, listed.faults.length === 0 ? 'id' : 'line')} can't be read; nothing has been done:`,
      faults,
    )
  const all = new Map<string, AskedFor>()
  for (const asked of [...named.recordings, ...listed.recordings])
    all.set(`${asked.workspaceId ?? ''} ${asked.recordingId}`, asked)
  const mentions = named.recordings.length + listed.recordings.length
  if (all.size === 0) throw new UsageError('Which recordings?', [`${file ?? ''} names none`])
  return {
    recordings: [...all.values()],
    duplicates: named.duplicates + listed.duplicates + mentions - all.size,
  }
}

const WHY_UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'you may not read it',
}

async function readList(file: string): Promise<string> {
  if (file === '-') {
    if (process.stdin.isTTY) printHint('Reading ids from the terminal, one a line; Ctrl-D ends the list.')
    return await text(process.stdin)
  }
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it failed'
    throw new UsageError(`The list can't be read: ${file}`, [WHY_UNREADABLE[code] ?? code])
  }
}
