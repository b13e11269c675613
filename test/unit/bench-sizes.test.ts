import { describe, expect, test } from 'vitest'
import { FRAME_BYTES } from '../bench/recording-id.ts'
import { CONFERENCE_BYTES, dayOfCalls, fewerAlike, KB, sameSize } from '../bench/sizes.ts'
import { planWorkloads, WORKLOADS } from '../bench/workloads.ts'

const sum = (sizes: readonly number[]): number => sizes.reduce((total, bytes) => total + bytes, 0)

describe('a day of calls', () => {
  const day = dayOfCalls(600)

  test('is the same on every machine', () => {
    expect(dayOfCalls(600)).toEqual(day)
  })

  test('lies around 400 KB and has conferences', () => {
    const middle = day.toSorted((a, b) => a - b)[300] ?? 0
    expect(middle).toBeGreaterThan(330 * KB)
    expect(middle).toBeLessThan(480 * KB)
    expect(day.filter((bytes) => bytes === CONFERENCE_BYTES).length).toBeGreaterThan(1)
  })
})

test('fewer recordings hold as many bytes each', () => {
  const day = dayOfCalls(600)
  const fewer = fewerAlike(day, 40)
  expect(fewer).toHaveLength(40)
  expect(Math.abs(sum(fewer) / 40 / (sum(day) / 600) - 1)).toBeLessThan(0.001)
})

test('few recordings stay what they are', () => {
  expect(fewerAlike([3, 1, 2], 3)).toEqual([3, 1, 2])
  expect(fewerAlike(sameSize(2, 200 * KB), 40)).toEqual(sameSize(2, 200 * KB))
})

test.each([true, false])('every recording ends on a whole frame (quick: %s)', (quick) => {
  const workloads = planWorkloads(quick)
  expect(workloads.map(({ name }) => name)).toEqual(WORKLOADS)
  for (const { sizes } of workloads) {
    expect(sizes.length).toBeGreaterThan(0)
    expect(sizes.filter((bytes) => bytes % FRAME_BYTES !== 0)).toEqual([])
  }
})
