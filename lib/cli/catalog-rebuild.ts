import { readArchiveConfig } from '../archive-config.ts'
import { type Rebuild, shareBefore } from '../catalog/rebuild.ts'
import { composeCatalog } from '../compose-catalog.ts'
import { readWorkspaces } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { cacheDirectory } from './find-options.ts'
import { count, printHint, printJson, printLine, printProblem } from './print.ts'
import { createProgress } from './progress.ts'
import { watchSignals } from './watch-signals.ts'

export interface RebuildOptions {
  readonly workspace?: string | undefined
  readonly restart: boolean
  readonly json: boolean
}

/** Rebuilds the catalog of each workspace. Resolves to the exit code: 1 if a sidecar cannot be read. */
export async function rebuildCatalog(options: RebuildOptions): Promise<number> {
  const config = readArchiveConfig(process.env)
  const workspaceIds = readWorkspaces(options.workspace, config)
  const local = composeCatalog(config, { directory: cacheDirectory(config, undefined) })
  const stop = new AbortController()
  using signals = watchSignals({ onFirst: () => stop.abort(), onSecond: () => stop.abort() })
  let exitCode: number = EXIT.done
  try {
    for (const workspaceId of workspaceIds) {
      const rebuild = await rebuildOne(workspaceId, local, options.restart, stop.signal)
      if (options.json) printJson(rebuild)
      else say(rebuild)
      if (rebuild.unreadableCount > 0) exitCode = EXIT.incomplete
    }
    return exitCode
  } catch (error) {
    const signalled = signals.exitCode()
    if (signalled === undefined) throw error
    printProblem('stopped; the same command goes on where it was')
    return signalled
  } finally {
    await local.close()
  }
}

async function rebuildOne(
  workspaceId: string,
  { rebuild }: Pick<ReturnType<typeof composeCatalog>, 'rebuild'>,
  anew: boolean,
  signal: AbortSignal,
): Promise<Rebuild> {
  const progress = createProgress('rebuilding', 'percent')
  try {
    const onProgress = (recordingId: string, recordings: number): void =>
      progress.update(Math.floor(shareBefore(recordingId) * 100), count(recordings, 'recording'))
    return await rebuild(workspaceId, { anew, onProgress }, signal)
  } finally {
    progress.stop()
  }
}

function say({ workspaceId, recordings, segments, unreadable, unreadableCount, startedAt }: Rebuild): void {
  printLine(
    `${workspaceId}: ${count(recordings, 'recording')} in the catalog, in ${count(segments, 'object')}; begun ${startedAt}`,
  )
  if (unreadableCount === 0) return
  printProblem(`${count(unreadableCount, 'sidecar')} cannot be read, and found by nothing but the id:`)
  for (const key of unreadable) printHint(`  · ${key}`)
  if (unreadableCount > unreadable.length) printHint(`  … and ${unreadableCount - unreadable.length} more`)
}
