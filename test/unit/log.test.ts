import { describe, expect, it } from 'vitest'
import { createJsonLog, type LogLevel } from '../../lib/log.ts'

const NOW = new Date('2026-11-23T12:00:00.000Z')
const ABOUT = { messageId: 'm', recordingId: 'r', attempt: 1, durationMs: 5 }

function linesAt(minimum: LogLevel): string[] {
  const lines: string[] = []
  const log = createJsonLog(
    (line) => lines.push(line),
    minimum,
    () => NOW,
  )
  log.event('batch.started', { messages: 1, remainingMs: 5 })
  log.event('batch.finished', { messages: 1, failed: 0, durationMs: 5, remainingMs: 5 })
  log.event('transfer.again', { recordingId: 'r', transfer: 1, reason: 'why\nnot' })
  log.event('recording.already-archived', ABOUT)
  log.event('recording.dead-lettered', { ...ABOUT, reason: 'conflict', detail: 'why' })
  log.event('configuration.fault', { faults: ['one'] })
  return lines
}

const eventsAt = (minimum: LogLevel) =>
  linesAt(minimum).map((line) => (JSON.parse(line) as { event: string }).event)

describe('the log', () => {
  it('writes one JSON object a line, and a line break nowhere in it', () => {
    const lines = linesAt('debug')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual({
      time: '2026-11-23T12:00:00.000Z',
      level: 'warn',
      event: 'transfer.again',
      recordingId: 'r',
      transfer: 1,
      reason: 'why\nnot',
    })
    for (const line of lines) expect(line).not.toContain('\n')
  })

  it('leaves out what matters less than is asked for', () => {
    const error = ['recording.dead-lettered', 'configuration.fault']
    expect(eventsAt('error')).toEqual(error)
    expect(eventsAt('warn')).toEqual(['transfer.again', ...error])
    expect(eventsAt('info')).toEqual([
      'batch.finished',
      'transfer.again',
      'recording.already-archived',
      ...error,
    ])
    expect(eventsAt('debug')).toEqual(['batch.started', ...eventsAt('info')])
  })
})
