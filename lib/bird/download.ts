import { Agent, type Dispatcher } from 'undici'
import type { Clock } from '../deadline.ts'
import { BirdError, describeError, MediaError, RedirectError } from '../errors.ts'
import type { Log } from '../log.ts'
import { type BirdLimits, type CallTime, logAgain } from './client.ts'
import type { MediaLink } from './recordings.ts'
import { adviseRetry, MAX_ATTEMPTS, parseRetryAfter } from './retry.ts'

/** A body on its way, open at its first byte. */
export interface Media {
  /** `Content-Length`; undefined where the server declares none. */
  readonly declaredBytes: number | undefined
  readonly contentType: string | undefined
  /** Host of the link that was followed, for the record; never more of the link than this. */
  readonly host: string
  readonly birdRequestId: string | undefined
  /** To be read once; ends only when as many bytes came as were declared. */
  readonly chunks: AsyncIterable<Uint8Array>
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
   * reading `chunks` throws MediaError `changed-while-resuming` when what is left can't be proved to be the same object
   */
  open(getLink: () => Promise<MediaLink>, time: CallTime): Promise<Media>
  close(): Promise<void>
}

interface Opened {
  readonly response: Dispatcher.ResponseData
  readonly link: MediaLink
}

/** Where to go on: the bytes that are here already, and what proves that the rest belongs to them. */
interface Resumption {
  readonly offset: number
  readonly totalBytes: number
  readonly etag: string
}

/** @param connections sockets per media host: one per recording in flight */
export function createDownloader(
  connections: number,
  limits: BirdLimits,
  clock: Clock,
  log: Log,
): Downloader {
  const agent = new Agent({
    connections,
    connect: { timeout: limits.connectMs },
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.idleMs,
  })

  /** Built from nothing but the link: S3 answers 400 to a presigned request that carries an Authorization header. */
  const request = async (
    link: MediaLink,
    resumption: Resumption | undefined,
    signal: AbortSignal,
  ): Promise<Opened> => {
    const range = resumption && { range: `bytes=${resumption.offset}-`, 'if-match': resumption.etag }
    const { url } = link
    const response = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: { accept: '*/*', 'accept-encoding': 'identity', ...range },
      signal,
    })
    return { response, link }
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
      logAgain(log, 'download', link.url.host, status, advice.delayMs)
      if (advice.throttled) throttled += 1
      else attempt += 1
      await clock.pause(advice.delayMs, time.signal)
    }
  }

  return {
    async open(getLink, time) {
      const first = await fetchBody(getLink, undefined, time)
      const { headers } = first.response
      const declaredBytes = parseLength(single(headers['content-length']))
      const etag = single(headers['etag'])
      let current = first.response.body
      let resumptions = 0

      async function* read(): AsyncGenerator<Uint8Array> {
        for (let offset = 0; ;) {
          try {
            for await (const chunk of current as AsyncIterable<Uint8Array>) {
              offset += chunk.length
              yield chunk
            }
            if (declaredBytes === undefined || offset >= declaredBytes) return
            throw new BirdError(
              { operation: 'download' },
              `the body ended after ${offset} of ${declaredBytes} bytes`,
            )
          } catch (error) {
            time.signal.throwIfAborted()
            const broken =
              error instanceof BirdError
                ? error
                : new BirdError(
                    { operation: 'download' },
                    `the body broke off after ${offset} bytes: ${describeError(error)}`,
                    { cause: error },
                  )
            // A weak ETag proves nothing about bytes (RFC 9110, 8.8.1).
            if (declaredBytes === undefined || etag === undefined || etag.startsWith('W/') || offset === 0)
              throw broken
            if (resumptions >= MAX_ATTEMPTS) throw broken
            resumptions += 1
            current = (await fetchBody(getLink, { offset, totalBytes: declaredBytes, etag }, time)).response
              .body
          }
        }
      }

      return {
        declaredBytes,
        contentType: single(headers['content-type']),
        host: first.link.url.host,
        birdRequestId: first.link.requestId,
        chunks: read(),
        resumptions: () => resumptions,
        close: () => {
          // A destroyed body emits an error that nobody waits for any more.
          current.on('error', () => {}).destroy()
        },
      }
    },
    close: () => agent.destroy(),
  }
}

/**
 * Whether this is the body that was asked for: 200 for all of it; for the rest of it 206 with the offset, the total
 * length and the ETag that belong to the bytes that are here already (RFC 9110, 14.4 and 13.1.1).
 * @throws MediaError when the server sends something else in place of the rest
 */
function isBody(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  resumption: Resumption | undefined,
): boolean {
  if (resumption === undefined) return statusCode === 200
  const { offset, totalBytes, etag } = resumption
  const expected = `bytes ${offset}-${totalBytes - 1}/${totalBytes}`
  if (statusCode === 206 && single(headers['content-range']) === expected && single(headers['etag']) === etag)
    return true
  if (statusCode !== 200 && statusCode !== 206 && statusCode !== 412 && statusCode !== 416) return false
  body.on('error', () => {}).destroy()
  throw new MediaError(
    'changed-while-resuming',
    `asked for "${expected}", got ${statusCode} ${quoteRange(single(headers['content-range']))}`,
  )
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
  const { statusCode, headers, body } = response
  if (statusCode >= 300 && statusCode < 400) {
    body.on('error', () => {}).destroy()
    throw new RedirectError(`${link.url.host} redirects again (${statusCode}); one hop is allowed`)
  }
  const retryAfterMs = parseRetryAfter(single(headers['retry-after']), clock.now())
  const text = await readSome(body)
  const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(text)?.[1]
  return new BirdError(
    { operation: 'download', status: statusCode, code, retryAfterMs },
    `${link.url.host} refused the link${code === undefined ? '' : ` (${code})`}`,
  )
}

/** An error document, as far as it is worth reading; a connection that breaks meanwhile changes nothing. */
async function readSome(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = ''
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString('latin1')
      if (text.length > MAX_PROBLEM_BYTES) break
    }
  } catch {
    return text
  }
  return text
}

function parseLength(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
