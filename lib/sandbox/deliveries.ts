import type { Call, Ending } from './calls.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'

/** One message of the plan, and what must become of it. */
export interface Delivery {
  /** The body to send. */
  readonly body: string
  readonly form: 'uuid' | 'json' | 'eventbridge' | 'sns' | 'garbage'
  /** Undefined for a message that names no recording. */
  readonly recordingId?: string
  readonly expected: Ending
  /**
   * Why it must end in the dead-letter queue: put there by the archiver with this reason (`unreadable-message`,
   * `unprocessable`), or by the queue after five attempts (`unknown-recording`, `not-audio`).
   */
  readonly deadLetterReason?: 'unreadable-message' | 'unprocessable' | 'unknown-recording' | 'not-audio'
}

/**
 * The messages that announce the calls, in every form that is allowed, each call once, two in a hundred (and at least
 * one) twice; among them one that names a recording that Bird never had, and one that nobody can read.
 */
export function planDeliveries(options: {
  calls: readonly Call[]
  workspaceId: string
  seed: number
}): Delivery[] {
  const { calls, workspaceId, seed } = options
  const random = createRandom(`deliveries ${seed}`)
  const announce = (call: Call): Delivery => ({
    ...write(random, call.recordingId, workspaceId),
    recordingId: call.recordingId,
    expected: call.expected,
    ...(call.role === 'unprocessable' && { deadLetterReason: 'unprocessable' }),
    ...(call.role === 'html-always' && { deadLetterReason: 'not-audio' }),
  })
  const twice = random
    .shuffle(calls.filter((call) => call.expected === 'archived'))
    .slice(0, Math.max(1, Math.round(calls.length / 50)))
  const unknownId = random.uuid()
  return random.shuffle<Delivery>([
    ...calls.map(announce),
    ...twice.map(announce),
    {
      ...write(random, unknownId, workspaceId),
      recordingId: unknownId,
      expected: 'dead-letter',
      deadLetterReason: 'unknown-recording',
    },
    {
      body: 'please archive my calls, thanks!',
      form: 'garbage',
      expected: 'dead-letter',
      deadLetterReason: 'unreadable-message',
    },
  ])
}

function write(random: Random, recordingId: string, workspaceId: string): Pick<Delivery, 'body' | 'form'> {
  const request = { recordingId, workspaceId }
  const event = {
    version: '0',
    id: random.uuid(),
    'detail-type': 'Recording announced',
    source: 'callcenter.example',
    account: '000000000000',
    time: '2026-01-01T00:00:00Z',
    region: 'eu-west-1',
    resources: [],
    detail: request,
  }
  const roll = random.integer(0, 9)
  if (roll < 5) return { form: 'uuid', body: random.chance(10) ? recordingId.toUpperCase() : recordingId }
  if (roll < 8) return { form: 'json', body: JSON.stringify(request) }
  if (roll < 9) return { form: 'eventbridge', body: JSON.stringify(event) }
  const notification = {
    Type: 'Notification',
    MessageId: random.uuid(),
    TopicArn: 'arn:aws:sns:eu-west-1:000000000000:recordings',
    Message: JSON.stringify(random.chance(50) ? event : request),
    Timestamp: '2026-01-01T00:00:00.000Z',
  }
  return { form: 'sns', body: JSON.stringify(notification) }
}
