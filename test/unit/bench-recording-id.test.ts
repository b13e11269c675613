import { expect, test } from 'vitest'
import { isRecordingId } from '../../lib/archive/message.ts'
import { bytesOf, FRAME_BYTES, toRecordingId, toWholeFrames } from '../bench/recording-id.ts'

test.each([1, 200_000, 1_000_000_000, 2 ** 32 - 1])(
  '%d bytes go into a recording id and come out of it',
  (bytes) => {
    const id = toRecordingId(bytes, 1)
    expect(isRecordingId(id)).toBe(true)
    expect(bytesOf(id)).toBe(bytes)
  },
)

test('an id tells the size and the index', () => {
  expect(toRecordingId(200_000, 1)).toBe('00030d40-0000-4000-8000-000000000001')
})

test.each([-1, 0.5, 2 ** 32])('%d bytes do not fit', (bytes) => {
  expect(() => toRecordingId(bytes, 1)).toThrow(RangeError)
})

test.each([
  [0, 1],
  [FRAME_BYTES + 1, 1],
  [200_000, 694],
])('%d bytes are %d frames', (bytes, frames) => {
  expect(toWholeFrames(bytes)).toBe(frames * FRAME_BYTES)
})
