import type { RetentionPolicy } from '../archive/retention.ts'
import { type Clock, limitTime } from '../deadline.ts'
import { ConfigurationError, describeError, StoppedError } from '../errors.ts'
import { type Claim, MAX_SIDECAR_BYTES, readClaim } from '../verify/claim.ts'
import { type Entry, oldestOf } from '../verify/entry.ts'
import type { Facts, Protection } from '../verify/judge.ts'
import { createReading } from '../verify/reading.ts'
import { toUnread, toVerdict, type Verdict } from '../verify/verdict.ts'
import type { AudioState } from './audio-state.ts'
import type { ExpectedHolds } from './expected-holds.ts'
import { versionIdOf } from './histories.ts'
import type { Reread } from './reread.ts'
import type { Vault } from './vault.ts'

/**
 * Reads all of one recording, the oldest version of its sidecar and every byte of the audio that it names, of the very
 * version, and judges it.
 * @param isWanted asked of a sidecar before its audio is read; undefined comes of one that it refuses
 * @throws ConfigurationError where nothing at all can be read before a person has mended something, and the signal's reason
 */
export type Examine = (
  workspaceId: string,
  entry: Entry,
  signal: AbortSignal,
  isWanted?: (claim: Claim) => boolean,
) => Promise<Verdict | undefined>

/** As long as the archiver may take to store one. */
const RECORDING_LIMIT_MS = 600_000
/** Refused one after another before any other was read. */
const MOST_REFUSED = 10

export function createExaminer(options: {
  readonly vault: Pick<Vault, 'inspectAudio'>
  readonly reread: Reread
  readonly expectedHolds: ExpectedHolds
  readonly retention: RetentionPolicy
  readonly clock: Clock
  readonly recordingLimitMs?: number
}): Examine {
  const { vault, reread, expectedHolds, retention, clock, recordingLimitMs = RECORDING_LIMIT_MS } = options
  let [hasRead, refused] = [false, 0]

  const readText = async (key: string, versionId: string | undefined, signal: AbortSignal) => {
    const chunks: Uint8Array[] = []
    const isThere = await reread(key, versionId, (chunk) => void chunks.push(chunk.slice()), signal)
    return isThere ? Buffer.concat(chunks).toString('utf8') : undefined
  }

  const readSidecar = async (
    workspaceId: string,
    entry: Entry,
    signal: AbortSignal,
  ): Promise<Facts['sidecar']> => {
    // What lies on top of it is a finding; what was archived is what counts.
    const version = oldestOf(entry.sidecar)
    if (version === undefined) return undefined
    const { key } = entry.sidecar
    const versionId = versionIdOf(version)
    const state = await vault.inspectAudio(key, versionId, signal)
    if (version.bytes > MAX_SIDECAR_BYTES)
      return { ...protectionOf(state), fault: `it has ${version.bytes} bytes, more than any sidecar` }
    const text = state === undefined ? undefined : await readText(key, versionId, signal)
    if (text === undefined) return { ...protectionOf(state), fault: 'it is listed, and not there' }
    const read = readClaim(text, workspaceId, entry)
    return { ...protectionOf(state), ...(read.ok ? { claim: read.claim } : { fault: read.reason }) }
  }

  const readAudio = async (
    entry: Entry,
    { versionId: named }: Claim,
    signal: AbortSignal,
  ): Promise<Facts['audio'] | { readonly fault: string }> => {
    const { key, versions } = entry.audio
    const version = versions.find(({ versionId = 'null' }) => versionId === (named ?? 'null'))
    if (version === undefined) return undefined
    const versionId = versionIdOf(version)
    const state = await vault.inspectAudio(key, versionId, signal)
    if (state === undefined) return undefined
    const restore = restoreFault(state)
    if (restore !== undefined) return { fault: restore }
    const reading = createReading()
    const isThere = await reread(key, versionId, reading.update, signal)
    return isThere ? { ...protectionOf(state), ...reading.finish() } : undefined
  }

  const examine: Examine = async (workspaceId, entry, signal, isWanted) => {
    const lookedAt = clock.now()
    const sidecar = await readSidecar(workspaceId, entry, signal)
    const hasClaim = sidecar !== undefined && 'claim' in sidecar
    if (hasClaim && isWanted?.(sidecar.claim) === false) return undefined
    const audio = hasClaim ? await readAudio(entry, sidecar.claim, signal) : undefined
    if (audio !== undefined && 'fault' in audio) return toUnread(entry, audio.fault)
    // After the look at the objects: a case that is closed is closed before its holds are released.
    const cases =
      audio === undefined ? [] : await expectedHolds(workspaceId, entry.recordingId, lookedAt, signal)
    return toVerdict({ entry, sidecar, audio, cases }, retention, clock.now())
  }

  return async (workspaceId, entry, signal, isWanted) => {
    using limit = limitTime(recordingLimitMs, signal)
    try {
      const verdict = await examine(workspaceId, entry, limit.signal, isWanted)
      hasRead = true
      return verdict
    } catch (error) {
      signal.throwIfAborted()
      // Some that are refused keep nobody from reading the others; if that goes for all, it is not the recordings.
      if (error instanceof ConfigurationError && (refused += 1) >= MOST_REFUSED && !hasRead) throw error
      const isTooSlow = error instanceof StoppedError
      const reason = isTooSlow ? `it took longer than ${recordingLimitMs / 60_000} min` : describeError(error)
      return toUnread(entry, reason)
    }
  }
}

function protectionOf(state: AudioState | undefined): Protection {
  return { lock: state?.lock, legalHold: state?.legalHold }
}

function restoreFault({ readable, storageClass, archiveStatus }: AudioState): string | undefined {
  const place = archiveStatus ?? storageClass ?? 'an archive'
  if (readable === 'needed')
    return `it lies in ${place} and must be restored first: bird-archive get ID --restore`
  if (readable === 'under-way') return `it is being restored from ${place}: try again when that is done`
  return undefined
}
