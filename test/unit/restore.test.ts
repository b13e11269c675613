import { describe, expect, it } from 'vitest'
import { judgeRestore, restoreTime, type Storage, takesDays } from '../../lib/retrieve/restore.ts'

const DONE = 'ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"'
const storage = (storageClass?: string, restore?: string, archiveStatus?: string): Storage => ({
  storageClass,
  restore,
  archiveStatus,
})

describe('whether an object can be read', () => {
  it.each([
    ['STANDARD, which S3 does not name', storage(), 'not-needed'],
    ['infrequent access', storage('STANDARD_IA'), 'not-needed'],
    ['Glacier with instant retrieval', storage('GLACIER_IR'), 'not-needed'],
    ['Glacier', storage('GLACIER'), 'needed'],
    ['deep archive', storage('DEEP_ARCHIVE'), 'needed'],
    ['Glacier, asked for', storage('GLACIER', 'ongoing-request="true"'), 'under-way'],
    ['Glacier, restored', storage('GLACIER', DONE), { until: new Date('2012-12-21T00:00:00Z') }],
    ['Glacier, with a header that tells nothing', storage('GLACIER', 'ongoing-request="false"'), 'needed'],
    [
      'Glacier, with a date that is none',
      storage('GLACIER', 'ongoing-request="false", expiry-date="?"'),
      'needed',
    ],
    ['intelligent tiering, in reach', storage('INTELLIGENT_TIERING'), 'not-needed'],
    ['intelligent tiering, archived', storage('INTELLIGENT_TIERING', undefined, 'ARCHIVE_ACCESS'), 'needed'],
    [
      'intelligent tiering, asked for',
      storage('INTELLIGENT_TIERING', 'ongoing-request="true"', 'DEEP_ARCHIVE_ACCESS'),
      'under-way',
    ],
  ])('%s', (_, given, expected) => {
    expect(judgeRestore(given)).toEqual(expected)
  })
})

describe('how long a restore takes', () => {
  it.each([
    [storage('GLACIER'), 'in 1 to 5 minutes', 'in 3 to 5 hours', 'in 5 to 12 hours'],
    [storage('DEEP_ARCHIVE'), undefined, 'within 12 hours', 'within 48 hours'],
    [
      storage('INTELLIGENT_TIERING', undefined, 'ARCHIVE_ACCESS'),
      'in 1 to 5 minutes',
      'in 3 to 5 hours',
      'in 5 to 12 hours',
    ],
    [
      storage('INTELLIGENT_TIERING', undefined, 'DEEP_ARCHIVE_ACCESS'),
      undefined,
      'within 12 hours',
      'within 48 hours',
    ],
  ])('%j', (given, expedited, standard, bulk) => {
    expect(restoreTime(given, 'Expedited')).toBe(expedited)
    expect(restoreTime(given, 'Standard')).toBe(standard)
    expect(restoreTime(given, 'Bulk')).toBe(bulk)
  })

  it('has an end to choose, but for intelligent tiering', () => {
    expect(takesDays(storage('GLACIER'))).toBe(true)
    expect(takesDays(storage('INTELLIGENT_TIERING', undefined, 'ARCHIVE_ACCESS'))).toBe(false)
  })
})
