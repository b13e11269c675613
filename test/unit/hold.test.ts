import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  forgetVersions,
  type HoldAct,
  type Holds,
  noHolds,
  openCases,
  placeCase,
  planRelease,
  readHolds,
  releaseCase,
  writeHolds,
} from '../../lib/retrieve/hold.ts'

const ID = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const act = (by = 'anna', day = 1): HoldAct => ({
  at: new Date(Date.UTC(2026, 2, day)),
  by,
  reason: `${by}'s`,
})
const AUDIO = { key: 'a.mp3', versionId: 'v1', heldBefore: false }
const SIDECAR = { key: 'a.json', versionId: undefined, heldBefore: false }
const start = noHolds('ours', ID)
const placed = (...cases: string[]): Holds =>
  cases.reduce((holds, each) => placeCase(holds, each, act(), [AUDIO]), start)

describe('placing a case', () => {
  it('opens it once', () => {
    const once = placed('A')
    expect(openCases(once)).toEqual([{ caseNumber: 'A', placed: act(), released: undefined }])
    expect(placeCase(once, 'A', act('berta', 2), [AUDIO])).toEqual(once)
  })

  it('opens it anew after it was released, and keeps the former as history', () => {
    const again = placeCase(releaseCase(placed('A'), 'A', act('berta', 2)), 'A', act('carla', 3), [AUDIO])
    expect(again.cases).toEqual([
      { caseNumber: 'A', placed: act(), released: act('berta', 2) },
      { caseNumber: 'A', placed: act('carla', 3), released: undefined },
    ])
  })

  it('adds versions that are new, and forgets of none that it was held before', () => {
    const held = { ...AUDIO, heldBefore: true }
    const two = placeCase(placeCase(start, 'A', act(), [held]), 'B', act(), [AUDIO, SIDECAR])
    expect(two.versions).toEqual([held, SIDECAR])
    const other = { ...AUDIO, versionId: 'v2' }
    expect(placeCase(two, 'B', act(), [other]).versions).toEqual([held, SIDECAR, other])
  })
})

describe('releasing a case', () => {
  const lifting = { kind: 'lift', versions: [AUDIO] }
  it.each<[string, Holds, unknown]>([
    ['is open, others too', placed('A', 'B'), { kind: 'stays', others: ['B'] }],
    ['is the last that is open', placed('A'), lifting],
    ['was released, its versions not yet', releaseCase(placed('A'), 'A', act()), lifting],
    [
      'was released, its versions too',
      forgetVersions(releaseCase(placed('A'), 'A', act())),
      { kind: 'not-held' },
    ],
    ['was released, another is open', releaseCase(placed('A', 'B'), 'A', act()), { kind: 'not-held' }],
    ['never was, another is being released', releaseCase(placed('B'), 'B', act()), { kind: 'not-held' }],
    ['never was, another is open', placed('B'), { kind: 'not-held' }],
    ['never was, nothing was', start, { kind: 'not-held' }],
  ])('of a case that %s', (_, holds, plan) => {
    expect(planRelease(holds, 'A', false)).toEqual(plan)
  })

  it.each<[string, Holds, unknown]>([
    ['is open, others too', placed('A', 'B'), { kind: 'stays', others: ['B'] }],
    ['is the last that is open', placed('A'), lifting],
    [
      'was released, another is open',
      releaseCase(placed('A', 'B'), 'A', act()),
      { kind: 'restore', others: ['B'] },
    ],
    ['never was, another is open', placed('B'), { kind: 'restore', others: ['B'] }],
    ['never was, another is being released', releaseCase(placed('B'), 'B', act()), { kind: 'not-held' }],
  ])('of a case that %s, while the bucket shows no hold', (_, holds, plan) => {
    expect(planRelease(holds, 'A', true)).toEqual(plan)
  })

  it('keeps the versions while a case is open', () => {
    const stays = releaseCase(placed('A', 'B'), 'A', act())
    expect(forgetVersions(stays)).toEqual(stays)
  })

  it('lifts the hold with the last case only, in whatever order cases come and go', () => {
    const step = fc.tuple(fc.boolean(), fc.constantFrom('A', 'B', 'C'))
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const open = new Set<string>()
        const plans: { found: string; wanted: string }[] = []
        let holds = start
        for (const [isPlaced, name] of steps) {
          if (isPlaced) {
            open.add(name)
            holds = placeCase(holds, name, act(), [AUDIO])
          } else {
            const wanted = !open.has(name) ? 'not-held' : open.size === 1 ? 'lift' : 'stays'
            plans.push({ found: planRelease(holds, name, false).kind, wanted })
            open.delete(name)
            holds = forgetVersions(releaseCase(holds, name, act()))
          }
          expect(
            openCases(holds)
              .map(({ caseNumber }) => caseNumber)
              .toSorted(),
          ).toEqual([...open].toSorted())
          expect(holds.versions.length).toBe(open.size === 0 ? 0 : 1)
        }
        expect(plans.filter(({ found, wanted }) => found !== wanted)).toEqual([])
      }),
    )
  })
})

describe('the document of holds', () => {
  it('reads back as it was written', () => {
    const holds = releaseCase(placeCase(placed('A', 'B'), 'B', act(), [SIDECAR]), 'A', act('berta', 2))
    expect(readHolds(writeHolds(holds))).toEqual({ ok: true, holds })
  })

  it.each([
    ['{', 'is not JSON'],
    ['{}', 'unknown form at schema'],
    [writeHolds(placed('A')).replace('holds:1', 'holds:2'), 'unknown form at schema'],
    [writeHolds(placed('A')).replace('2026-03-01T', 'when?'), 'unknown form at cases.0.placed.at'],
    [writeHolds(placed('A')).replace(ID, 'nobody'), 'unknown form at recordingId'],
  ])('is refused as %j', (text, reason) => {
    expect(readHolds(text)).toEqual({ ok: false, reason: expect.stringContaining(reason) })
  })
})
