import { expect, test } from 'vitest'
import { emptyLedger, type Entry, type Ledger } from '../../lib/backfill/ledger.ts'
import { addLedger, startReport } from '../../lib/backfill/report.ts'
import { windowAt, windowNamed } from '../../lib/backfill/window.ts'
import { describeRun } from '../../lib/cli/demo/summary.ts'
import { describeSweep, toSweepSummary } from '../../lib/cli/demo/sweep-summary.ts'
import type { DemoSweep } from '../../lib/cli/demo/sweep.ts'
import { createTally } from '../../lib/cli/demo/tally.ts'

const NOW = new Date('2026-03-12T12:00:00Z')

function ledgerOf(
  name: string,
  archived: number,
  open: readonly Entry['line'][],
  isAttested = false,
): Ledger {
  return {
    ...emptyLedger('workspace', windowNamed(name) ?? windowAt(NOW, 'day')),
    sweptAt: NOW,
    archived: Array.from({ length: archived }, (_, at) => `${name} ${at}`),
    open: open.map((line) => ({ recordingId: `${name} ${line}`, line, reason: line, firstSeenAt: NOW })),
    attestation: isAttested ? { key: `backfill/attestations/${name}.json`, digest: 'digest', at: NOW } : null,
  }
}

function sweepOf(
  ledgers: readonly Ledger[],
  violations: readonly string[] = [],
  finishedAt = NOW,
): DemoSweep {
  const range = { from: new Date('2026-03-10T00:00:00Z'), to: new Date('2026-03-13T00:00:00Z') }
  const report = startReport('workspace', range)
  for (const ledger of ledgers) addLedger(report, ledger, NOW)
  const listed = ledgers.flatMap(({ archived, open }) => [
    ...archived,
    ...open.map(({ recordingId }) => recordingId),
  ])
  return {
    range,
    report,
    ledgers,
    listed,
    violations,
    startedAt: NOW,
    finishedAt,
    attestations: new Map(),
    why: 'finished',
    failures: [],
    log: [],
  }
}

test('what was healed is told in the order of names, whatever came first', () => {
  const { tally, read } = createTally()
  for (const status of [503, 500, 503, 404]) read(JSON.stringify({ event: 'request.again', status }))
  for (const reason of ['storage', 'bad-body'])
    read(JSON.stringify({ event: 'recording.failed', recordingId: 'a', reason, detail: 'why' }))
  const text = describeRun({
    directory: '.sandbox',
    logFile: '.sandbox/function.log',
    killed: false,
    plan: { calls: [], deliveries: [], toArchive: [], toSkip: [], toRefuse: [], phoneNumbers: [] },
    run: { tally, lines: [], durationMs: 1000, unfinished: undefined },
    check: {
      violations: [],
      deadLetters: [],
      bucket: {
        violations: [],
        proven: 0,
        provenBytes: 0,
        catalogRows: 0,
        resumptions: 0,
        unfinishedUploads: [],
      },
    },
    sweep: sweepOf([ledgerOf('2026-03-10', 1, [], true), ledgerOf('2026-03-11', 2, [], true)]),
    ready: {
      s3: { endpoint: '', accessKeyId: '', secretAccessKey: '', region: '', bucket: 'archive' },
      sqs: { endpoint: '', queueUrl: '', deadLetterQueueUrl: '' },
      bird: { url: '', workspaceId: 'workspace', accessKey: '' },
      env: {},
    },
  }).join('\n')
  expect(text).toContain('Healed on the way')
  expect(text).toContain('requests answered 404 1, 500 1, 503 2')
  expect(text).toContain('failed deliveries: bad-body 1, storage 1')
  expect(text).toContain('s3/archive/backfill/attestations/2026-03-11.json')
  expect(text).toContain('report --from 2026-03-10')
})

test('the sweep is told by its lines that are not empty, and why days are not attested', () => {
  const sweep = sweepOf([
    ledgerOf('2026-03-09', 1200, ['nothing-to-archive'], true),
    ledgerOf('2026-03-10', 1, ['dead-lettered', 'nothing-to-archive']),
    ledgerOf('2026-03-12', 1, ['dead-lettered']),
  ])
  expect(describeSweep(sweep).map((line) => line.trim())).toEqual([
    'Nothing is missing',
    '1,206 recordings listed by Bird: 1,202 archived, 2 with nothing to archive, 2 dead-lettered',
    '1 of 3 days attested (today is not over; a dead letter lies in one)',
  ])
  expect(toSweepSummary(sweep)).toEqual({
    recordings: 1206,
    lines: {
      archived: 1202,
      sent: 0,
      'not-yet': 0,
      'nothing-to-archive': 2,
      'dead-lettered': 2,
      refused: 0,
    },
    windows: 3,
    attested: 1,
  })
})

test('where everything is attested there is nothing to explain', () => {
  const days = ['2026-03-10', '2026-03-11'].map((name) => ledgerOf(name, 1, [], true))
  expect(describeSweep(sweepOf(days)).at(-1)).toBe('  2 of 2 days attested')
})

test('soon after midnight yesterday has not settled; with dead letters in several days their number is told', () => {
  const days = [
    ledgerOf('2026-03-10', 0, ['dead-lettered']),
    ledgerOf('2026-03-11', 0, ['dead-lettered']),
    ledgerOf('2026-03-12', 0, ['not-yet']),
    ledgerOf('2026-03-13', 0, ['not-yet']),
  ]
  const text = describeSweep(sweepOf(days, [], new Date('2026-03-13T00:30:00Z'))).join('\n')
  expect(text).toContain(
    '0 of 4 days attested (today is not over; yesterday has been over for less than an hour; dead letters lie in 2)',
  )
})

test('a sweep that found something missing does not say the contrary', () => {
  const days = [ledgerOf('2026-03-10', 1, ['sent', 'not-yet', 'refused'])]
  const text = describeSweep(sweepOf(days, ['the sweep found 1 recording sent in place of archived'])).join(
    '\n',
  )
  expect(text).not.toContain('Nothing is missing')
  expect(text).toContain('1 archived, 1 sent to the queue, 1 not yet available, 1 refused')
  expect(text).toContain('0 of 1 day attested (1 for a reason that should not be)')
})
