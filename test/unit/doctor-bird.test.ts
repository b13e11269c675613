import { expect, test } from 'vitest'
import { type BirdProbe, judgeBird } from '../../lib/doctor/bird.ts'

const recordingId = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const answered = (status: number, code?: string): BirdProbe => ({ kind: 'answered', status, code })
const levelsOf = (facts: Parameters<typeof judgeBird>[0]): string[] =>
  judgeBird(facts).map(({ check, level }) => `${check} ${level}`)

test.each([
  [200, 'ok'],
  [401, 'fail'],
  [403, 'fail'],
  [404, 'fail'],
  [429, 'unknown'],
  [500, 'unknown'],
] as const)('a list that is answered %i is %s', (status, level) => {
  expect(judgeBird({ list: answered(status) })[0]).toMatchObject({ check: 'bird.list', level })
})

test('a key that is unknown, and a Bird that does not answer, are said once', () => {
  const all = { recordingId, metadata: answered(401), link: answered(401) }
  expect(levelsOf({ list: answered(401, 'Unauthorized'), ...all })).toEqual(['bird.list fail'])
  expect(levelsOf({ list: { kind: 'no-answer', detail: 'ECONNREFUSED' } })).toEqual(['bird.list fail'])
  expect(levelsOf({ keyFault: 'the secret cannot be read' })).toEqual(['bird.key fail'])
})

test('rights are told apart request by request', () => {
  const facts = { list: answered(200), recordingId, metadata: answered(200) }
  const verdict = { kind: 'allowed', host: 'media.example' } as const
  expect(levelsOf({ ...facts, link: answered(307), verdict })).toEqual([
    'bird.list ok',
    'bird.metadata ok',
    'bird.redirect ok',
  ])
  expect(levelsOf({ ...facts, link: answered(403) })[2]).toBe('bird.redirect fail')
  expect(levelsOf({ ...facts, link: answered(200) })[2]).toBe('bird.redirect unknown')
  expect(
    levelsOf({ ...facts, link: answered(307), verdict: { kind: 'refused', detail: 'elsewhere' } })[2],
  ).toBe('bird.redirect fail')
})

test('a recording without audio, and none at all, say nothing against the key', () => {
  const facts = { list: answered(200), recordingId, metadata: answered(200), link: answered(404) }
  expect(levelsOf({ ...facts, recordingStatus: 'ongoing' })[2]).toBe('bird.redirect unknown')
  expect(levelsOf({ ...facts, recordingStatus: 'available' })[2]).toBe('bird.redirect fail')
  expect(levelsOf({ list: answered(403) })).toEqual(['bird.list fail'])
  expect(levelsOf({ list: answered(200) })).toEqual(['bird.list ok', 'bird.recording unknown'])
})
