import type { Landing } from '../landing.ts'
import type { Clock } from '../deadline.ts'
import { BirdError, describeError, MediaError, redact, RedirectError } from '../errors.ts'
import type { Log } from '../log.ts'
import { type BirdLimits, type CallTime, logAgain } from './client.ts'
import type { Incoming } from './media-exchange.ts'
import { createMediaPool } from './media-pool.ts'
import type { MediaLink } from './recordings.ts'
import { adviseRetry, MAX_ATTEMPTS, parseRetryAfter } from './retry.ts'

/** A body on its way, open at its first byte. */
export interface Media {
  /** `Content-Length`; undefined where the server declares none. */
  readonly declaredBytes: number | undefined
  /** Nothing but the end of the connection tells where the body ends: that it is whole must be shown otherwise. */
  readonly endsWithConnection: boolean
  readonly contentType: string | undefined
  /** Host of the link that was followed, for the record; never more of the link than this. */
  readonly host: string
  readonly birdRequestId: string | undefined
  /** Puts the body where it is wanted; to be called once. Resolves only when as many bytes came as were declared. */
  receive(this: void, landing: Landing): Promise<void>
  /** How often the transfer broke and went on so far. */
  resumptions(): number
  /** Lets go of the connection, however far it was read. */
  close(): void
}

/** Fetches audio from links that Bird hands out; knows nothing of the access key. */
export interface Downloader {
  /**
   * Opens a recording's audio. A link is asked for at the moment of use, and again when it is refused (S3 answers 403
   * to an expired one) or the connection fails.
   * @throws BirdError when no attempt was answered with the body, RedirectError on a second redirect;
   * `receive` rejects with MediaError `changed-while-resuming` when what is left can't be proved to be the same object
   */
  open(getLink: () => Promise<MediaLink>, time: CallTime): Promise<Media>
  close(): void
}

interface Opened {
  readonly response: Incoming
  readonly link: MediaLink
}

/** Where to go on: the bytes that are here already, and what proves that the rest belongs to them. */
interface Resumption {
  readonly offset: number
  readonly totalBytes: number
  readonly etag: string
}

export function createDownloader(limits: BirdLimits, clock: Clock, log: Log): Downloader {
  const pool = createMediaPool(limits)

  /** Built from nothing but the link: S3 answers 400 to a presigned request that carries an Authorization header. */
  const request = async (
    link: MediaLink,
    resumption: Resumption | undefined,
    signal: AbortSignal,
  ): Promise<Opened> => {
    const range = resumption && { range: `bytes=${resumption.offset}-`, 'if-match': resumption.etag }
    const headers = { accept: '*/*', 'accept-encoding': 'identity', ...range }
    return { response: await pool.get(link.url, headers, signal), link }
  }

  /** One body, or the part of it from `resumption.offset` on, over as many links and connections as it takes. */
  const fetchBody = async (
    getLink: () => Promise<MediaLink>,
    resumption: Resumption | undefined,
    time: CallTime,
  ): Promise<Opened> => {
    for (let attempt = 1, throttled = 0; ;) {
      const link = await getLink()
      const opened = await request(link, resumption, time.signal).catch((error: unknown) => {
        time.signal.throwIfAborted()
        return new BirdError(
          { operation: 'download' },
          `no answer from ${link.url.host}: ${describeError(error)}`,
          { cause: error },
        )
      })
      if (!(opened instanceof Error) && isBody(opened.response, resumption)) return opened

      const error = opened instanceof Error ? opened : await refuse(opened, clock)
      const { status, code, retryAfterMs } = error.failure
      // An expired or revoked link is mended by a fresh one, which is what the next round asks for. S3 answers 400 where
      // the credentials behind it have lapsed (S3 API Reference, "Error responses": ExpiredToken).
      const isSpent = status === 403 || code === 'ExpiredToken'
      const failure = { status: isSpent ? undefined : status, retryAfterMs }
      const advice = adviseRetry(failure, attempt, throttled, time.patienceMs(), clock.random())
      if (!advice.retry) throw error
      logAgain(log, 'download', redact(link.url.host), status, advice.delayMs)
      if (advice.throttled) throttled += 1
      else attempt += 1
      await clock.pause(advice.delayMs, time.signal)
    }
  }

  return {
    async open(getLink, time) {
      const first = await fetchBody(getLink, undefined, time)
      const { headers } = first.response
      const declaredBytes = parseLength(headers['content-length'])
      const etag = headers['etag']
      let current = first.response
      let resumptions = 0

      return {
        declaredBytes,
        endsWithConnection: first.response.framing === 'until-close',
        contentType: headers['content-type'],
        host: first.link.url.host,
        birdRequestId: first.link.requestId,
        async receive(landing) {
          let offset = 0
          // What the landing fails with is no fault of the connection, and no reason to go on with another.
          let refused: { readonly error: unknown } | undefined
          const giveBack = (error: unknown): never => {
            refused = { error }
            throw error
          }
          const counted: Landing = {
            room: () => landing.room(),
            landed(bytes) {
              offset += bytes
              try {
                return landing.landed(bytes)?.catch(giveBack)
              } catch (error) {
                return giveBack(error)
              }
            },
          }
          for (;;) {
            try {
              await current.receive(counted)
              if (declaredBytes === undefined || offset >= declaredBytes) return
              throw new BirdError(
                { operation: 'download' },
                `the body ended after ${count(offset)} of ${count(declaredBytes)} bytes`,
              )
            } catch (error) {
              if (refused !== undefined) throw refused.error
              time.signal.throwIfAborted()
              const broken =
                error instanceof BirdError
                  ? error
                  : new BirdError(
                      { operation: 'download' },
                      `the body broke off after ${count(offset)} bytes: ${describeError(error)}`,
                      { cause: error },
                    )
              // A weak ETag proves nothing about bytes (RFC 9110, 8.8.1).
              if (declaredBytes === undefined || etag === undefined || etag.startsWith('W/') || offset === 0)
                throw broken
              if (resumptions >= MAX_ATTEMPTS) throw broken
              resumptions += 1
              current = (await fetchBody(getLink, { offset, totalBytes: declaredBytes, etag }, time)).response
            }
          }
        },
        resumptions: () => resumptions,
        close: () => current.close(),
      }
    },
    close: () => pool.close(),
  }
}

/**
 * Whether this is the body that was asked for: 200 for all of it; for the rest of it 206 with the offset, the total
 * length and the ETag that belong to the bytes that are here already (RFC 9110, 14.4 and 13.1.1).
 * @throws MediaError when the server sends something else in place of the rest
 */
function isBody({ status, headers, close }: Incoming, resumption: Resumption | undefined): boolean {
  if (resumption === undefined) return status === 200
  const { offset, totalBytes, etag } = resumption
  const expected = `bytes ${offset}-${totalBytes - 1}/${totalBytes}`
  if (status === 206 && headers['content-range'] === expected && headers['etag'] === etag) return true
  if (status !== 200 && status !== 206 && status !== 412 && status !== 416) return false
  close()
  throw new MediaError(
    'changed-while-resuming',
    `asked for "${expected}", got ${status} ${quoteRange(headers['content-range'])}`,
  )
}

/** In groups of three, for seven digits in a row are masked like those of a telephone number. */
function count(bytes: number): string {
  return bytes.toLocaleString('en')
}

/** For a log: what is no Content-Range (RFC 9110, 14.4) is foreign text and not repeated. */
function quoteRange(value: string | undefined): string {
  if (value === undefined) return 'without Content-Range'
  return /^bytes (?:\d{1,15}-\d{1,15}|\*)\/(?:\d{1,15}|\*)$/.test(value)
    ? `"${value}"`
    : 'with a malformed one'
}

const MAX_PROBLEM_BYTES = 16 * 1024

async function refuse({ response, link }: Opened, clock: Clock): Promise<BirdError> {
  const { status, headers } = response
  if (status >= 300 && status < 400) {
    response.close()
    throw new RedirectError(`${link.url.host} redirects again (${status}); one hop is allowed`)
  }
  const retryAfterMs = parseRetryAfter(headers['retry-after'], clock.now())
  const text = await readSome(response)
  const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(text)?.[1]
  return new BirdError(
    { operation: 'download', status, code, retryAfterMs },
    `${link.url.host} refused the link${code === undefined ? '' : ` (${code})`}`,
  )
}

/** An error document, as far as it is worth reading; a connection that breaks meanwhile changes nothing. */
async function readSome(response: Incoming): Promise<string> {
  const room = Buffer.allocUnsafe(MAX_PROBLEM_BYTES)
  let filled = 0
  try {
    await response.receive({
      room: () => room.subarray(filled),
      landed(bytes) {
        filled += bytes
        if (filled === room.length) response.close()
        return undefined
      },
    })
  } catch {
    // What is here is looked at all the same.
  }
  return room.toString('latin1', 0, filled)
}

function parseLength(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
