import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync, existsSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { audioOf, mediaKey } from './calls.ts'
import type { Call } from './calls.ts'
import type { S3Server } from './s3-server.ts'

/** The bucket that plays the part of Bird's own. */
export const MEDIA_BUCKET = 'bird-media'

/** What the audio of a recording really is; the digest is SHA-256 in hex. */
export interface MediaFact {
  readonly recordingId: string
  readonly bytes: number
  readonly sha256: string
}

export interface FillOptions {
  readonly directory: string
  readonly s3: Pick<S3Server, 'putFile'>
  readonly workspaceId: string
  readonly calls: readonly Call[]
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Makes the audio of every call that has some and puts it where Bird's links lead. What `media.ndjson` in the directory
 * names is there already and is not made again, so that a run that was killed goes on where it was.
 */
export async function fillMedia(options: FillOptions): Promise<ReadonlyMap<string, MediaFact>> {
  const { directory, s3, workspaceId, calls, onProgress } = options
  const file = join(directory, 'media.ndjson')
  const facts = readFacts(file)
  const audible = calls.filter((call) => call.audio !== undefined)
  for (const [index, call] of audible.entries()) {
    onProgress?.(index, audible.length)
    if (facts.has(call.recordingId)) continue
    const fact = await putAudio(s3, workspaceId, call)
    facts.set(call.recordingId, fact)
    appendFileSync(file, `${JSON.stringify(fact)}\n`)
  }
  onProgress?.(audible.length, audible.length)
  return facts
}

async function putAudio(s3: Pick<S3Server, 'putFile'>, workspaceId: string, call: Call): Promise<MediaFact> {
  const hash = createHash('sha256')
  let bytes = 0
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const chunk of audioOf(call)) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  await s3.putFile(MEDIA_BUCKET, mediaKey(workspaceId, call), watched(), { contentType: 'audio/mpeg' })
  return { recordingId: call.recordingId, bytes, sha256: hash.digest('hex') }
}

/** Reads whole lines only, and cuts off the piece of a line that being killed may have left. */
function readFacts(file: string): Map<string, MediaFact> {
  if (!existsSync(file)) return new Map()
  const text = readFileSync(file, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  truncateSync(file, Buffer.byteLength(whole))
  const facts = whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => readFact(JSON.parse(line)))
  return new Map(facts.map((fact) => [fact.recordingId, fact]))
}

function readFact(json: unknown): MediaFact {
  if (
    typeof json === 'object' &&
    json !== null &&
    'recordingId' in json &&
    'bytes' in json &&
    'sha256' in json
  ) {
    return { recordingId: String(json.recordingId), bytes: Number(json.bytes), sha256: String(json.sha256) }
  }
  throw new Error('media.ndjson was not written by the sandbox')
}
