import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DROPPED_SCHEMA,
  type DroppedFacts,
  nameDropped,
  readDropped,
  writeDropped,
} from '../../lib/backfill/dropped.ts'

const FACTS: DroppedFacts = {
  workspaceId: '8bc02f53-87ac-48d2-b4fd-c2cf856a305f',
  recordingId: '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd',
  messageId: '1d3c4b9e-0c3e-4a0f-9f43-6a1b7c8d9e0f',
  reason: 'deleted at Bird, ticket 17',
  by: 'ada',
  deadLetter: {
    reason: 'never-available',
    detail: 'still ongoing 24 h after …',
    firstSeenAt: new Date('2026-11-01T10:00:00.000Z'),
  },
  droppedAt: new Date('2026-11-25T12:00:00.000Z'),
  body: '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd',
}
const NAMELESS: DroppedFacts = {
  ...FACTS,
  recordingId: undefined,
  deadLetter: { reason: 'unreadable-message', detail: undefined, firstSeenAt: undefined },
  body: 'garbage',
}
const parse = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

describe('the document of a dropped letter', () => {
  it('says who gave what up, when and why, field by field', () => {
    expect(parse(writeDropped(FACTS))).toEqual({
      schema: 'urn:bird-recording-archiver:dropped:1',
      workspaceId: FACTS.workspaceId,
      recordingId: FACTS.recordingId,
      messageId: FACTS.messageId,
      reason: 'deleted at Bird, ticket 17',
      by: 'ada',
      deadLetter: {
        reason: 'never-available',
        detail: 'still ongoing 24 h after …',
        firstSeenAt: '2026-11-01T10:00:00.000Z',
      },
      droppedAt: '2026-11-25T12:00:00.000Z',
    })
  })

  it('keeps the body only where no recording can be named', () => {
    expect(parse(writeDropped(FACTS))).not.toHaveProperty('body')
    expect(parse(writeDropped(NAMELESS))).toMatchObject({
      recordingId: null,
      body: 'garbage',
      deadLetter: { reason: 'unreadable-message', detail: null, firstSeenAt: null },
    })
  })

  it('lies under the recording, or the message where there is none', () => {
    expect(nameDropped(FACTS)).toBe(FACTS.recordingId)
    expect(nameDropped(NAMELESS)).toBe(`message-${NAMELESS.messageId}`)
  })

  it('is read back as it was written, whatever the texts hold', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ unit: 'binary' }), (reason, by, body) => {
        const read = readDropped(writeDropped({ ...NAMELESS, reason, by, body }))
        expect(read).toEqual({
          ok: true,
          dropped: {
            schema: DROPPED_SCHEMA,
            workspaceId: NAMELESS.workspaceId,
            recordingId: null,
            messageId: NAMELESS.messageId,
            reason,
            by,
            deadLetter: { reason: 'unreadable-message', detail: null, firstSeenAt: null },
            droppedAt: NAMELESS.droppedAt,
            body,
          },
        })
      }),
    )
  })

  it('has its times as times when it is read', () => {
    const read = readDropped(writeDropped(FACTS))
    expect(read).toMatchObject({
      ok: true,
      dropped: { droppedAt: FACTS.droppedAt, deadLetter: { firstSeenAt: FACTS.deadLetter.firstSeenAt } },
    })
  })

  it.for([
    ['no JSON', '{', 'is not JSON'],
    ['null', 'null', 'an unknown form at its root'],
    ['another schema', writeDropped(FACTS).replace('dropped:1', 'dropped:2'), 'an unknown form at schema'],
    [
      'a time that is none',
      writeDropped(FACTS).replace('2026-11-25T', 'someday'),
      'an unknown form at droppedAt',
    ],
    [
      'no reason',
      writeDropped(FACTS).replace('"detail"', '"details"'),
      'an unknown form at deadLetter.detail',
    ],
  ] as const)('is refused with the reason: %s', ([, text, reason]) => {
    expect(readDropped(text)).toEqual({ ok: false, reason: expect.stringContaining(reason) as unknown })
  })
})
