import { describe, expect, it } from 'vitest'
import { parseMessage } from '../../lib/archive/message.ts'
import { audioOf, describeCalls } from '../../lib/sandbox/calls.ts'
import type { Call } from '../../lib/sandbox/calls.ts'
import { planDeliveries } from '../../lib/sandbox/deliveries.ts'
import { scriptFaults } from '../../lib/sandbox/faults.ts'

const NOW = new Date('2026-11-23T12:00:00.000Z')

function callOf(calls: readonly Call[], role: Call['role']): Call {
  return calls.find((call) => call.role === role)!
}

describe('the scripted faults', () => {
  const calls = describeCalls({ seed: 1, count: 60, now: NOW })
  const media = (call: Call) =>
    ({
      operation: 'GetObject',
      bucket: 'b',
      key: `x/${call.recordingId}.mp3`,
      presigned: true,
      headers: {},
    }) as const

  it('strike as often as they say, and never again', () => {
    const { bird } = scriptFaults(calls)
    const request = {
      operation: 'getRecording',
      recordingId: callOf(calls, 'throttled').recordingId,
      headers: {},
    } as const
    expect([1, 2, 3, 4].map(() => bird(request)?.kind)).toEqual(['respond', 'respond', undefined, undefined])
  })

  it('strike every call that they belong to', () => {
    const many = describeCalls({ seed: 1, count: 300, now: NOW })
    const { s3 } = scriptFaults(many)
    const cut = many.filter(({ role }) => role === 'connection-cut')
    expect(cut.map((call) => [s3(media(call))?.kind, s3(media(call))?.kind])).toEqual([
      ['body', undefined],
      ['body', undefined],
      ['body', undefined],
    ])
  })

  it('strike for ever where they say so', () => {
    const { s3 } = scriptFaults(calls)
    const request = media(callOf(calls, 'html-always'))
    expect(Array.from({ length: 20 }, () => s3(request)?.kind)).toEqual(
      Array.from({ length: 20 }, () => 'respond'),
    )
  })

  it('spare the other recordings', () => {
    const { bird, s3 } = scriptFaults(calls)
    for (const call of calls.filter(({ role }) => role === 'plain')) {
      expect(bird({ operation: 'getRecording', recordingId: call.recordingId, headers: {} })).toBeUndefined()
      expect(s3(media(call))).toBeUndefined()
    }
  })

  it('truncate inside a frame, so that what comes cannot pass for a shorter recording', async () => {
    for (const call of describeCalls({ seed: 4, count: 500, now: NOW }).filter(
      ({ role }) => role === 'body-truncated',
    )) {
      const fault = scriptFaults([call]).s3(media(call))
      const end = fault?.kind === 'body' ? fault.endAfterBytes! : 0
      let bytes = 0
      for await (const chunk of audioOf(call)) bytes += chunk.length
      expect(bytes % 144).toBe(call.audio?.id3v1 ? 128 : 0)
      expect(end % 144).toBe(71)
      expect(end).toBeLessThan(bytes)
    }
  })
})

describe('the messages that announce the calls', () => {
  const calls = describeCalls({ seed: 1, count: 300, now: NOW })
  const deliveries = planDeliveries({ calls, workspaceId: 'w-1', seed: 1 })
  const read = (body: string) => parseMessage({ body, attributes: {}, sentAt: NOW }, 'w-1')

  it('come in every form that may be sent', () => {
    expect(new Set(deliveries.map(({ form }) => form))).toEqual(
      new Set(['uuid', 'json', 'eventbridge', 'sns', 'garbage']),
    )
  })

  it('name each call once, and some of them twice', () => {
    const ids = deliveries.flatMap(({ recordingId }) => recordingId ?? [])
    const known = ids.filter((id) => calls.some((call) => call.recordingId === id))
    expect(new Set(known).size).toBe(300)
    expect(known).toHaveLength(306)
    expect(ids).toHaveLength(307)
  })

  it('can all be read, but for one', () => {
    const readable = deliveries.map(({ body, recordingId }) => {
      const parsed = read(body)
      return (
        parsed.readable && parsed.request.recordingId === recordingId && parsed.request.workspaceId === 'w-1'
      )
    })
    expect(readable.filter((ok) => !ok)).toHaveLength(1)
    expect(deliveries[readable.indexOf(false)]).toMatchObject({
      form: 'garbage',
      deadLetterReason: 'unreadable-message',
    })
  })

  it('say why each dead letter is one', () => {
    const reasons = deliveries.flatMap(({ expected, deadLetterReason }) =>
      expected === 'dead-letter' ? [deadLetterReason] : [],
    )
    expect(new Set(reasons)).toEqual(
      new Set(['not-audio', 'unknown-recording', 'unprocessable', 'unreadable-message']),
    )
  })
})
