import { describe, expect, it } from 'vitest'
import type { FailureReason, Outcome, RefusalReason } from '../../lib/archive/outcome.ts'
import { type BatchCount, toEmbeddedMetrics } from '../../lib/metrics.ts'

interface Line extends Record<string, unknown> {
  _aws: {
    Timestamp: number
    CloudWatchMetrics: {
      Namespace: string
      Dimensions: string[][]
      Metrics: { Name: string; Unit: string }[]
    }[]
  }
}

const NOW = new Date('2026-11-23T12:00:00.000Z')
const ago = (ms: number): Date => new Date(NOW.getTime() - ms)
const archived = (createdMs: number, endedMs?: number): Outcome => ({
  kind: 'archived',
  bytes: 1_000,
  sha256: '00',
  adopted: false,
  createdAt: ago(createdMs),
  endedAt: endedMs === undefined ? undefined : ago(endedMs),
  findings: [],
})
const acknowledged = (outcome: Outcome) => ({ outcome, action: 'acknowledge' as const })

function measure(outcomes: BatchCount['outcomes'], remainingMs = 5_000.4): Line {
  return JSON.parse(
    toEmbeddedMetrics({ functionName: 'archive-prod', outcomes, now: NOW, remainingMs }),
  ) as Line
}

/** "Embedded metric format specification": what CloudWatch needs in order to take a line. */
function expectTaken(line: Line): void {
  expect(line._aws.Timestamp).toBe(NOW.getTime())
  for (const { Namespace, Dimensions, Metrics } of line._aws.CloudWatchMetrics) {
    expect(Namespace).toMatch(/^[^:\s]{1,255}$/)
    for (const set of Dimensions) {
      expect(set.length).toBeLessThanOrEqual(30)
      for (const name of set) expect(line[name]).toEqual(expect.any(String))
    }
    expect(Metrics.length).toBeLessThanOrEqual(100)
    expect(new Set(Metrics.map(({ Name }) => Name)).size).toBe(Metrics.length)
    const members = Object.keys(line).filter((name) => name !== '_aws' && !Dimensions.flat().includes(name))
    expect(Metrics.map(({ Name }) => Name).toSorted()).toEqual(members.toSorted())
    for (const { Name, Unit } of Metrics) {
      expect(['Count', 'Bytes', 'Milliseconds']).toContain(Unit)
      const values = [line[Name]].flat()
      expect(values.length).toBeGreaterThan(0)
      expect(values.length).toBeLessThanOrEqual(100)
      for (const value of values) expect(Number.isFinite(value)).toBe(true)
    }
  }
}

describe("a batch's metrics", () => {
  it('say none where there was none, so that an alarm can tell it from no data', () => {
    const line = measure([])
    expectTaken(line)
    expect(line).toMatchObject({
      FunctionName: 'archive-prod',
      Archived: 0,
      ArchivedBytes: 0,
      Failed: 0,
      RemainingTime: 5_000,
    })
    expect(line).not.toHaveProperty('TimeSinceCreated')
  })

  it('count what was archived, and how long after call and creation', () => {
    const line = measure([archived(9_000, 5_000), archived(-50), archived(7_000)].map(acknowledged))
    expectTaken(line)
    expect(line).toMatchObject({
      Archived: 3,
      ArchivedBytes: 3_000,
      TimeSinceCreated: [9_000, 0, 7_000],
      TimeSinceEnded: [5_000],
    })
    const units = Object.fromEntries(
      line._aws.CloudWatchMetrics[0]!.Metrics.map(({ Name, Unit }) => [Name, Unit]),
    )
    expect(units).toMatchObject({
      Archived: 'Count',
      ArchivedBytes: 'Bytes',
      TimeSinceCreated: 'Milliseconds',
      RemainingTime: 'Milliseconds',
    })
  })

  it.each([
    ['AlreadyArchived', { kind: 'already-archived' }, 'acknowledge', []],
    ['SkippedAbsent', { kind: 'nothing-to-archive', status: 'absent' }, 'acknowledge', []],
    ['SkippedFailed', { kind: 'nothing-to-archive', status: 'failed' }, 'acknowledge', []],
    ['NotYet', { kind: 'not-yet', status: 'ongoing' }, 'defer', ['Deferred']],
    ['Throttled', { kind: 'throttled', retryAfterMs: undefined }, 'defer', ['Deferred']],
    [
      'NotYet',
      { kind: 'not-yet', status: 'ongoing' },
      'dead-letter',
      ['DeadLettered', 'RefusedNeverAvailable'],
    ],
  ] as const)('count %s with %j, %s', (name, outcome, action, others) => {
    const line = measure([{ outcome, action }])
    expectTaken(line)
    expect(counted(line)).toEqual([name, ...others].toSorted())
  })

  it.each([
    ['unreadable-message', 'RefusedUnreadableMessage'],
    ['unprocessable', 'RefusedUnprocessable'],
    ['conflict', 'RefusedConflict'],
  ] as [RefusalReason, string][])('count a refusal by its reason: %s', (reason, name) => {
    const line = measure([{ outcome: { kind: 'refused', reason, detail: '' }, action: 'dead-letter' }])
    expect(counted(line)).toEqual(['DeadLettered', name])
  })

  it.each([
    ['not-found', 'FailedNotFound'],
    ['bird-unavailable', 'FailedBirdUnavailable'],
    ['bad-metadata', 'FailedBadMetadata'],
    ['redirect-refused', 'FailedRedirectRefused'],
    ['bad-body', 'FailedBadBody'],
    ['storage', 'FailedStorage'],
    ['time-limit', 'FailedTimeLimit'],
    ['out-of-time', 'FailedOutOfTime'],
    ['misconfigured', 'FailedMisconfigured'],
    ['unexpected', 'FailedUnexpected'],
  ] as [FailureReason, string][])('count a failure by its reason: %s', (reason, name) => {
    const line = measure([{ outcome: { kind: 'failed', reason, detail: '' }, action: 'fail' }])
    expect(counted(line)).toEqual(['Failed', name])
  })

  it('hold no more values of one metric than CloudWatch takes, and no time below zero', () => {
    const line = measure(
      Array.from({ length: 150 }, (_, index) => acknowledged(archived(index, index))),
      -7,
    )
    expectTaken(line)
    expect(line).toMatchObject({ Archived: 150, RemainingTime: 0 })
    expect(line['TimeSinceCreated']).toHaveLength(100)
  })
})

/** Names of the counts that are not zero. */
function counted(line: Line): string[] {
  return Object.entries(line)
    .filter(([name, value]) => typeof value === 'number' && value > 0 && name !== 'RemainingTime')
    .map(([name]) => name)
    .toSorted()
}
