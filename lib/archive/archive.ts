import type { CallTime } from '../bird/client.ts'
import type { Downloader } from '../bird/download.ts'
import type { MediaLink, RecordingAnswer } from '../bird/recordings.ts'
import { type Clock, followSignal } from '../deadline.ts'
import { BirdError, MediaError, redact, StoppedError, StoreError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Store } from '../s3/store.ts'
import { decide } from './decide.ts'
import type { Keys } from './keys.ts'
import { createMediaWatch } from './media.ts'
import type { ArchiveRequest, Delivery } from './message.ts'
import type { Archived } from './outcome.ts'
import { explainFailure, isWorthAnotherTransfer } from './explain.ts'
import { readRecording, type Recording } from './recording.ts'
import { lockFor, type RetentionPolicy } from './retention.ts'
import { findQuality, writeSidecar } from './sidecar.ts'

/** The systems and the policy that archiving one recording needs. */
export interface ArchiveSystems {
  readonly bird: {
    getRecording(workspaceId: string, recordingId: string, time: CallTime): Promise<RecordingAnswer>
    getMediaLink(workspaceId: string, recordingId: string, time: CallTime): Promise<MediaLink>
  }
  readonly downloader: Downloader
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Log
  readonly retention: RetentionPolicy
  readonly version: string
}

/**
 * Runs a transfer when its turn has come, within the time that it then has. Looking a recording up costs next to nothing,
 * so more are looked up than transferred: their metadata is here when there is room for them.
 */
export type TakeTurn = <T>(time: CallTime, transfer: (time: CallTime) => Promise<T>) => Promise<T>

/** A body that came wrong is fetched anew so many times in all before the queue gets its turn. */
const MAX_TRANSFERS = 3
const TRANSFER_PAUSE_MS = 500
const CONTENT_TYPE = 'audio/mpeg'

/**
 * THE STORY of one recording: ask the bucket and Bird, decide, follow the link, write and verify the audio, and only
 * then the sidecar, whose presence means "archived". Killed between any two steps, the next delivery heals it.
 *
 * Every expected end is an {@link Outcome}, and so is every failure. Rejects only when told to stop, with the reason
 * of `time.signal` or of the turn.
 */
export async function archiveRecording(
  request: ArchiveRequest,
  delivery: Delivery,
  systems: ArchiveSystems,
  time: CallTime,
  takeTurn: TakeTurn = (now, transferNow) => transferNow(now),
): Promise<Archived> {
  const { bird, store, keys } = systems
  const { workspaceId, recordingId } = request
  const sidecarKey = keys.sidecar(workspaceId, recordingId)
  try {
    using ask = followSignal(time.signal)
    const asking = bird.getRecording(workspaceId, recordingId, { ...time, signal: ask.signal })
    const answered = asking.then(
      () => {},
      () => {},
    )
    const stored = await store.read(sidecarKey, time.signal).catch(async (error: unknown) => {
      ask.abort()
      await answered
      throw error
    })
    if (stored !== undefined) {
      // What is archived stays archived, whatever Bird would say of it by now.
      ask.abort()
      await answered
      return { outcome: { kind: 'already-archived' }, sidecar: stored }
    }

    const read = readRecording((await asking).json, recordingId, systems.clock.now())
    if (!read.ok) return { outcome: { kind: 'failed', reason: 'bad-metadata', detail: read.reason } }
    const { recording } = read
    const decision = decide(recording.status)
    if (decision === 'not-yet' || decision === 'nothing-to-archive')
      return { outcome: { kind: decision, status: redact(recording.status) } }

    return await takeTurn(time, (turn) => transfer(request, delivery, recording, systems, turn))
  } catch (error) {
    if (error instanceof StoppedError) throw error
    return { outcome: explainFailure(error) }
  }
}

async function transfer(
  request: ArchiveRequest,
  delivery: Delivery,
  recording: Recording,
  systems: ArchiveSystems,
  time: CallTime,
): Promise<Archived> {
  const { bird, downloader, store, keys, clock, log, retention } = systems
  const { workspaceId, recordingId } = request
  const lock = lockFor(retention, recording.createdAt, clock.now())
  for (let transferNumber = 1; ; transferNumber++) {
    const media = await downloader.open(() => bird.getMediaLink(workspaceId, recordingId, time), time)
    try {
      const { declaredBytes, contentType, receive } = media
      const declaredSeconds = media.endsWithConnection ? recording.durationSeconds : undefined
      const watch = createMediaWatch(declaredBytes, contentType, declaredSeconds)
      const written = await store.writeAudio({
        key: keys.audio(workspaceId, recordingId),
        contentType: CONTENT_TYPE,
        declaredBytes,
        receive,
        watch,
        lock,
        signal: time.signal,
      })
      const provenance = {
        archivedAt: clock.now(),
        archiverVersion: systems.version,
        ...delivery,
        redirectHost: media.host,
        birdRequestId: media.birdRequestId,
        resumptions: media.resumptions(),
      }
      const sidecar = writeSidecar(request, recording, written.media, written.audio, provenance, retention)
      const sidecarKey = keys.sidecar(workspaceId, recordingId)
      const isOurs = await store.writeOnce(sidecarKey, sidecar, 'application/json', lock, time.signal)
      // Taken, but by these very bytes, which name this delivery: it was ours, and its answer was lost.
      const stored = isOurs ? sidecar : await store.read(sidecarKey, time.signal)
      if (stored === undefined) throw new StoreError(`${sidecarKey} is taken, and yet not there`)
      if (stored !== sidecar) return { outcome: { kind: 'already-archived' }, sidecar: stored }
      const { bytes, sha256 } = written.media
      const { createdAt, endedAt } = recording
      const findings = findQuality(written.media, recording)
      return {
        outcome: {
          kind: 'archived',
          bytes,
          sha256,
          adopted: written.audio.adopted,
          createdAt,
          endedAt,
          findings,
        },
        sidecar,
      }
    } catch (error) {
      time.signal.throwIfAborted()
      if (
        transferNumber >= MAX_TRANSFERS ||
        !(error instanceof MediaError || error instanceof BirdError) ||
        !isWorthAnotherTransfer(error)
      )
        throw error
      log.event('transfer.again', { recordingId, transfer: transferNumber, reason: error.message })
      await clock.pause(TRANSFER_PAUSE_MS * 2 ** transferNumber * clock.random(), time.signal)
    } finally {
      media.close()
    }
  }
}
