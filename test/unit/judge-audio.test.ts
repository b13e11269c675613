import { describe, expect, it } from 'vitest'
import { judgeAudio, judgeRead, type StoredState } from '../../lib/retrieve/judge-audio.ts'

const SHA256 = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)
const audio = { key: 'recordings/ours/x.mp3', bytes: 100, sha256: SHA256, versionId: 'v1' }
const state: StoredState = {
  bytes: 100,
  readable: 'not-needed',
  sha256: SHA256,
  storageClass: undefined,
  archiveStatus: undefined,
  restore: undefined,
}
const glacier: StoredState = { ...state, storageClass: 'GLACIER', readable: 'needed' }

describe('what S3 says of the stored audio', () => {
  it.each<[string, StoredState | undefined, object | undefined]>([
    ['as it was archived', state, undefined],
    ['S3 keeps no SHA-256 of it', { ...state, sha256: undefined }, undefined],
    ['not there', undefined, { kind: 'no-audio', key: audio.key, versionId: 'v1' }],
    [
      'another size',
      { ...state, bytes: 99, sha256: undefined },
      { kind: 'altered', archived: { bytes: 100, sha256: SHA256 }, found: { bytes: 99, sha256: undefined } },
    ],
    [
      'another digest',
      { ...state, sha256: OTHER },
      { kind: 'altered', archived: { bytes: 100, sha256: SHA256 }, found: { bytes: 100, sha256: OTHER } },
    ],
    ['in Glacier', glacier, { kind: 'to-restore', isUnderWay: false }],
    ['being restored', { ...glacier, readable: 'under-way' }, { kind: 'to-restore', isUnderWay: true }],
    ['restored', { ...glacier, readable: { until: new Date() } }, undefined],
    ['in Glacier, and altered', { ...glacier, bytes: 99 }, { kind: 'altered' }],
  ])('%s', (_, found, expected) => {
    const fault = judgeAudio({ audio }, found)
    expect({ fault }).toMatchObject({ fault: expected })
  })
})

describe('what was read', () => {
  it('agrees in size and digest', () => {
    expect(judgeRead({ audio }, { bytes: 100, sha256: SHA256 })).toBeUndefined()
    expect(
      judgeRead({ audio: { ...audio, sha256: SHA256.toUpperCase() } }, { bytes: 100, sha256: SHA256 }),
    ).toBeUndefined()
  })

  it.each([
    { bytes: 100, sha256: OTHER },
    { bytes: 101, sha256: SHA256 },
  ])('differs: %j', (found) => {
    expect(judgeRead({ audio }, found)).toEqual({
      kind: 'altered',
      archived: { bytes: 100, sha256: SHA256 },
      found,
    })
  })
})
