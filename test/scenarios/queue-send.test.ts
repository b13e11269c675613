import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../lib/deadline.ts'
import { ConfigurationError } from '../../lib/errors.ts'
import { createSender } from '../../lib/sqs/send.ts'

interface Entry {
  readonly Id: string
  readonly MessageBody: string
}

/** How often each body is refused before SQS takes it, and what was taken, in order. */
let refusals: Map<string, { times: number; senderFault: boolean }>
let taken: string[]
let batchSizes: number[]
let broken: { readonly status: number; readonly type: string } | undefined

/** SQS's `SendMessageBatch` as documented: every answer is 200 and tells entry by entry what was refused. */
const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    response.setHeader('content-type', 'application/x-amz-json-1.0')
    if (broken !== undefined) {
      response.statusCode = broken.status
      response.end(JSON.stringify({ __type: `com.amazonaws.sqs#${broken.type}`, message: 'scripted' }))
      return
    }
    const { Entries } = JSON.parse(Buffer.concat(pieces).toString()) as { Entries: Entry[] }
    batchSizes.push(Entries.length)
    const Failed: unknown[] = []
    const Successful: unknown[] = []
    for (const { Id, MessageBody } of Entries) {
      const refusal = refusals.get(MessageBody)
      if (refusal !== undefined && refusal.times > 0) {
        refusal.times -= 1
        Failed.push({ Id, Code: 'InternalError', Message: 'not now', SenderFault: refusal.senderFault })
      } else {
        taken.push(MessageBody)
        const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex')
        Successful.push({ Id, MessageId: `id-of-${MessageBody}`, MD5OfMessageBody })
      }
    }
    response.end(JSON.stringify({ Successful, Failed }))
  })
})

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'TESTKEYID',
    AWS_SECRET_ACCESS_KEY: 'test-secret-access-key',
  })
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
beforeEach(() => {
  refusals = new Map()
  taken = []
  batchSizes = []
  broken = undefined
})

async function send(bodies: readonly string[]): ReturnType<ReturnType<typeof createSender>['send']> {
  const sender = createSender('http://127.0.0.1:1/000000000000/recordings', systemClock)
  try {
    return await sender.send(
      bodies.map((body) => ({ body, attributes: { firstSeenAt: '2026-01-01T00:00:00Z' } })),
    )
  } finally {
    sender.close()
  }
}

const bodies = Array.from({ length: 23 }, (_, index) => `message-${index}`)

describe('a list of messages', () => {
  it('goes to SQS in requests of ten at most', async () => {
    const sent = await send(bodies)
    expect(sent.every((answer) => answer.taken)).toBe(true)
    expect(taken.toSorted()).toEqual(bodies.toSorted())
    expect(batchSizes.toSorted((one, other) => one - other)).toEqual([3, 10, 10])
  })

  it('loses no entry that SQS refuses at first: just those are sent again, the others once', async () => {
    refusals.set('message-4', { times: 2, senderFault: false })
    refusals.set('message-22', { times: 1, senderFault: false })
    const sent = await send(bodies)
    expect(sent.every((answer) => answer.taken)).toBe(true)
    expect(taken.toSorted()).toEqual(bodies.toSorted())
  })

  it('names an entry that SQS refuses for good, and sends the others', async () => {
    refusals.set('message-7', { times: Infinity, senderFault: true })
    const sent = await send(bodies)
    expect(sent.flatMap((answer, index) => (answer.taken ? [] : [[index, answer.reason]]))).toEqual([
      [7, 'InternalError: not now'],
    ])
    expect(taken.toSorted()).toEqual(bodies.filter((body) => body !== 'message-7').toSorted())
  })

  it('is not sent at all, and says what to mend, when the queue does not exist', async () => {
    broken = { status: 400, type: 'QueueDoesNotExist' }
    await expect(send(bodies)).rejects.toThrow(ConfigurationError)
    expect(taken).toEqual([])
  })
})
