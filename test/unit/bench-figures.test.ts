import { describe, expect, test } from 'vitest'
import { complaintsOf } from '../bench/complaints.ts'
import { readCpuList } from '../bench/cores.ts'
import { median, summarize } from '../bench/figures.ts'
import type { Run } from '../bench/run.ts'
import { judgeTargets } from '../bench/targets.ts'

const run = (more: Partial<Run>): Run => ({
  workload: 'small',
  variant: 'ours',
  kind: 'function',
  recordings: 10,
  bytes: 2_000_000,
  allRecordings: 20,
  allBytes: 4_000_000,
  userSeconds: 0.007,
  systemSeconds: 0.002,
  wallSeconds: 0.02,
  maxRssKb: 100_000,
  problem: undefined,
  counts: {
    'api.link': 20,
    's3.put': 40,
    'connections.s3': 4,
    'stored.audio': 20,
    'stored.audioBytes': 4_000_000,
    'stored.sidecars': 20,
  },
  ...more,
})

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle)
})

test('there is no median of nothing', () => {
  expect(median([])).toBeNaN()
})

describe('figures', () => {
  const rows = summarize([
    run({}),
    run({ variant: 'naive', userSeconds: 0.025 }),
    run({ userSeconds: 0.008 }),
    run({ variant: 'naive', userSeconds: 0.017 }),
    run({ userSeconds: 0.1 }),
  ])

  test('are medians per recording, per GB and per second', () => {
    expect(rows).toHaveLength(2)
    expect(rows[0]?.cpuMsPerRecording).toBeCloseTo(1)
    expect(rows[0]?.cpuSecondsPerGb).toBeCloseTo(5)
    expect(rows[0]?.recordingsPerSecond).toBeCloseTo(500)
    expect(rows[0]?.requestsPerRecording).toBeCloseTo(3)
  })

  test('compare everyone with ours', () => {
    expect(rows.map(({ timesOurs }) => timesOurs?.toFixed(1))).toEqual(['1.0', '2.3'])
  })
})

describe('a run that is not as it should be', () => {
  test.each<[string, Partial<Run>, string[]]>([
    ['nothing', {}, []],
    ['its own problem', { problem: 'exit code 1: oh' }, ['exit code 1: oh']],
    ['a recording missing', { allRecordings: 21 }, ['20 of 21 recordings are stored']],
    ['a byte missing', { allBytes: 4_000_001 }, ['4000000 of 4000001 bytes are stored']],
    [
      'a sidecar missing',
      { counts: { ...run({}).counts, 'stored.sidecars': 19 } },
      ['19 sidecars are stored for 20 recordings'],
    ],
    ['a tool needs no sidecars', { kind: 'tool', counts: { ...run({}).counts, 'stored.sidecars': 0 } }, []],
    [
      'what the queue knows of is no fault against the rate limit',
      { workload: 'limited', allRecordings: 22, counts: { ...run({}).counts, 'sqs.deferred': 2 } },
      [],
    ],
  ])('%s', (_, more, complaints) => {
    expect(complaintsOf(run(more))).toEqual(complaints)
  })
})

describe('targets', () => {
  const verdicts = (runs: readonly Run[]): (boolean | undefined)[] =>
    judgeTargets(summarize(runs)).map(({ met }) => met)
  const [CPU, TIMES, , , GIGABYTE, , MEMORY, LIMITED, AHEAD] = [0, 1, 2, 3, 4, 5, 6, 7, 8]

  test('are open where nothing was measured', () => {
    expect(new Set(verdicts([]))).toEqual(new Set([undefined]))
  })

  test('are met and missed by our own figures', () => {
    expect(verdicts([run({})])[CPU]).toBe(true)
    expect(verdicts([run({ userSeconds: 0.01 })])[CPU]).toBe(false)
    expect(verdicts([run({ workload: 'large' })])[MEMORY]).toBe(true)
    expect(verdicts([run({ workload: 'large' })])[GIGABYTE]).toBe(false)
  })

  test("are met and missed in the relay's cost, whatever the machine", () => {
    const limit = run({ variant: 'relay', kind: 'limit', userSeconds: 0.001, systemSeconds: 0 })
    expect(verdicts([run({ userSeconds: 0.004, systemSeconds: 0 }), limit])[TIMES]).toBe(true)
    expect(verdicts([run({ userSeconds: 0.0041, systemSeconds: 0 }), limit])[TIMES]).toBe(false)
    expect(verdicts([run({})])[TIMES]).toBe(undefined)
  })

  test('allow no receive in vain against the rate limit', () => {
    const limited = run({ workload: 'limited' })
    expect(verdicts([limited])[LIMITED]).toBe(true)
    const deferred = { ...limited, counts: { ...limited.counts, 'sqs.deferred': 1 } }
    expect(verdicts([deferred])[LIMITED]).toBe(false)
  })

  test('compare with peers, not with the limit', () => {
    const limit = run({ variant: 'relay', kind: 'limit', userSeconds: 0.001 })
    const slower = run({ variant: 'naive', userSeconds: 0.02 })
    const faster = run({ variant: 'curl', kind: 'tool', userSeconds: 0.001 })
    expect(verdicts([run({}), limit])[AHEAD]).toBe(undefined)
    expect(verdicts([run({}), limit, slower])[AHEAD]).toBe(true)
    expect(verdicts([run({}), limit, slower, faster])[AHEAD]).toBe(false)
  })
})

test('a set of cores is read as the kernel writes it', () => {
  expect(readCpuList('0-3,8')).toEqual([0, 1, 2, 3, 8])
  expect(readCpuList('1')).toEqual([1])
})
