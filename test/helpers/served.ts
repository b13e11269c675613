import { createHash, randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { expectNothingOf } from './archived.ts'
import type { MediaDouble, MediaReply } from './media-double.ts'
import { buildFrame } from './mp3-files.ts'
import type { RecordingOptions, Run, World } from './world.ts'

export interface Served {
  readonly id: string
  readonly audio: Uint8Array
  readonly sha256: string
}

/** A recording whose links lead to the media server, which answers as `replies` says; the last of its `links` stays. */
export async function addServed(
  world: World,
  media: MediaDouble,
  replies: (audio: Uint8Array) => readonly MediaReply[],
  options: Omit<RecordingOptions, 'audio'> & {
    readonly audio?: Uint8Array
    readonly links?: readonly ('fresh' | 'stale')[]
  } = {},
): Promise<Served> {
  const id = randomUUID()
  const { links = ['fresh'], audio = buildAudio(id), ...more } = options
  await world.addRecording({
    // Bird's own bucket is not asked for it.
    audio: new Uint8Array(),
    linkReplies: links.map((kind) => () => {
      const location = media.link(id)
      if (kind === 'stale') media.expireLinks(id)
      return { status: 307, headers: { location, 'set-cookie': 'session=abc; Path=/' } }
    }),
    ...more,
    id,
  })
  media.serve(id, replies(audio))
  return { id, audio, sha256: createHash('sha256').update(audio).digest('hex') }
}

/** Two seconds of whole frames that are those of no other recording, nor of each other. */
export function buildAudio(id: string): Buffer {
  return Buffer.concat(
    Array.from({ length: 80 }, (_, number) => {
      const frame = buildFrame()
      createHash('sha256').update(`${id} ${number}`).digest().copy(frame, 60)
      return frame
    }),
  )
}

/** Runs one batch, all of it at once; each message has its recording's id for its own. */
export async function runServed(
  world: World,
  media: MediaDouble,
  recordings: Iterable<{ readonly id: string }>,
  options: Parameters<World['run']>[1] = {},
): Promise<Run> {
  const messages = [...recordings].map(({ id }) => ({ body: id, messageId: id }))
  const environment = { MEDIA_ORIGINS: media.origin, CONCURRENCY: '64', ...options.environment }
  return await world.run(messages, { ...options, environment })
}

/** The one line that the run logged about the end of a recording. */
export function endOf(run: Run, id: string): Readonly<Record<string, unknown>> {
  const ends = run.events.filter(
    (event) => event['recordingId'] === id && event.event.startsWith('recording.'),
  )
  expect(ends).toHaveLength(1)
  return ends[0] ?? {}
}

/** Why bodies were fetched anew, in order. */
export function againsOf(run: Run, id: string): string[] {
  return run.events
    .filter((event) => event['recordingId'] === id && event.event === 'transfer.again')
    .map((event) => String(event['reason']))
}

/** Asserts that a recording was reported failed, for this reason, and that nothing of it is in the archive. */
export async function expectRefused(
  world: World,
  run: Run,
  id: string,
  reason: string,
  detail?: string | RegExp,
): Promise<void> {
  expect(endOf(run, id)).toMatchObject({ event: 'recording.failed', reason })
  if (detail !== undefined) expect(endOf(run, id)['detail']).toMatch(detail)
  expect(run.failed.filter((messageId) => messageId === id)).toEqual([id])
  await expectNothingOf(world, id)
}
