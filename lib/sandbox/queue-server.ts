import { buildApp } from 'fauxqs'
import { portOf } from './listen.ts'
import { openQueueStore } from './queue-store.ts'

export interface QueueServerOptions {
  /** 0, or none: the system chooses. */
  readonly port?: number
  /** Where messages are kept across restarts; none: in memory. */
  readonly directory?: string
  readonly region?: string
  /** How many times faster than the wall clock the delays of `SendMessage` pass; 1 if not given. */
  readonly queueClock?: number
  /** How long a received message stays hidden; 360 if not given: six times a function time-out of one minute. */
  readonly visibilityTimeoutSeconds?: number
}

export interface QueueServer {
  /** What `AWS_ENDPOINT_URL_SQS` must be. */
  readonly url: string
  readonly port: number
  readonly queueUrl: string
  readonly deadLetterQueueUrl: string
  close(): Promise<void>
}

const ACCOUNT = '000000000000'
const QUEUE = 'recordings'
const DEAD_LETTER_QUEUE = 'recordings-dead-letters'
const MAX_RECEIVE_COUNT = 5
const MAX_DELAY_SECONDS = 900
const FORTNIGHT_SECONDS = 1_209_600

/**
 * SQS (fauxqs) on 127.0.0.1 with the archiver's two queues: a message that was received five times without being deleted
 * moves to the dead-letter queue. With a `directory`, messages outlive the process, even when it is killed.
 */
export async function startQueueServer(options: QueueServerOptions = {}): Promise<QueueServer> {
  const {
    port = 0,
    directory,
    region = 'eu-west-1',
    queueClock = 1,
    visibilityTimeoutSeconds = 360,
  } = options
  const store = await openQueueStore(directory)
  const { sqsStore } = store.stores
  // Without a host of its own fauxqs makes queue URLs with the host and port that the caller used, which resolve.
  sqsStore.host = ''
  const app = buildApp({ logger: false, defaultRegion: region, stores: store.stores })

  app.addHook('preHandler', (request, reply, done) => {
    const late = hurry(request.body, queueClock)
    if (late === undefined) {
      done()
      return
    }
    // fauxqs takes any delay; SQS does not (SendMessage, DelaySeconds).
    void reply
      .code(400)
      .type('application/x-amz-json-1.0')
      .send({
        __type: 'com.amazonaws.sqs#InvalidParameterValue',
        message: `Value ${late} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.`,
      })
  })
  app.addHook('onClose', (_app, done) => {
    store.close()
    done()
  })

  try {
    await app.listen({ port, host: '127.0.0.1' })
  } catch (error) {
    await app.close()
    throw error
  }
  const actualPort = portOf(app.server.address())
  const url = `http://127.0.0.1:${actualPort}`

  function ensureQueue(name: string, attributes: Record<string, string>): string {
    const queue = sqsStore.getQueueByName(name)
    const queueUrl = `${url}/${ACCOUNT}/${name}`
    if (queue === undefined) sqsStore.createQueue(name, queueUrl, arnOf(region, name), attributes)
    else {
      queue.setAttributes(attributes)
      // A queue that was kept remembers the URL of its first port.
      Object.assign(queue, { url: queueUrl })
    }
    return queueUrl
  }

  const deadLetterQueueUrl = ensureQueue(DEAD_LETTER_QUEUE, {
    MessageRetentionPeriod: String(FORTNIGHT_SECONDS),
  })
  const queueUrl = ensureQueue(QUEUE, {
    MessageRetentionPeriod: String(FORTNIGHT_SECONDS),
    VisibilityTimeout: String(visibilityTimeoutSeconds),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: arnOf(region, DEAD_LETTER_QUEUE),
      maxReceiveCount: MAX_RECEIVE_COUNT,
    }),
  })
  store.guardQueues()
  return { url, port: actualPort, queueUrl, deadLetterQueueUrl, close: () => app.close() }
}

function arnOf(region: string, name: string): string {
  return `arn:aws:sqs:${region}:${ACCOUNT}:${name}`
}

/**
 * Divides the delays of a SendMessage or SendMessageBatch request by the clock; what had a delay keeps at least a second.
 * Gives back a delay that SQS would refuse.
 */
function hurry(body: unknown, queueClock: number): number | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const entries: unknown[] = 'Entries' in body && Array.isArray(body.Entries) ? body.Entries : [body]
  for (const entry of entries) {
    if (typeof entry !== 'object' || entry === null || !('DelaySeconds' in entry)) continue
    const delay = entry.DelaySeconds
    if (typeof delay !== 'number') continue
    if (!Number.isInteger(delay) || delay < 0 || delay > MAX_DELAY_SECONDS) return delay
    entry.DelaySeconds = Math.ceil(delay / queueClock)
  }
  return undefined
}
