import { describe, expect, it } from 'vitest'
import { readArchiveConfig } from '../../lib/archive-config.ts'
import { readConfig } from '../../lib/config.ts'
import { ConfigurationError } from '../../lib/errors.ts'

const WORKSPACE = '8bc02f53-87ac-48d2-b4fd-c2cf856a305f'
const GOOD = { BIRD_WORKSPACE_ID: WORKSPACE, ARCHIVE_BUCKET: 'archive' }

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    readArchiveConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults
    throw error
  }
}

const BAD = {
  RETRIEVE_COUNTRY: [
    'Germany',
    'RETRIEVE_COUNTRY must be the two letters of a country (ISO 3166), such as DE',
  ],
  RETRIEVE_REASON_REQUIRED: ['perhaps', 'RETRIEVE_REASON_REQUIRED must be true or false'],
  RETRIEVE_CUNTRY: ['DE', 'RETRIEVE_CUNTRY is not a setting of this program: is it misspelt?'],
  BIRD_ACCES_KEY: ['x', 'BIRD_ACCES_KEY is not a setting of this program: is it misspelt?'],
  S3_FORCE_PATH_STYLE: ['maybe', 'S3_FORCE_PATH_STYLE must be true or false'],
  RETENTION_DAYS: [
    '9',
    'RETENTION_DAYS is set, but RETENTION_MODE is off: set it to GOVERNANCE or COMPLIANCE, or remove RETENTION_DAYS',
  ],
} as const

describe('what the archive is worked with', () => {
  it('needs a bucket and a workspace, and neither key nor queue', () => {
    expect(readArchiveConfig(GOOD)).toEqual({
      bucket: 'archive',
      prefix: '',
      workspaceId: WORKSPACE,
      workspaceIds: [WORKSPACE],
      retention: { mode: 'off' },
      forcePathStyle: false,
      logLevel: 'info',
      country: undefined,
      reasonRequired: false,
    })
    expect(faultsOf({})).toEqual([
      "BIRD_WORKSPACE_ID is not set: it is the UUID in your Bird workspace's address",
      'ARCHIVE_BUCKET is not set: it is the name of the bucket that keeps the recordings',
    ])
  })

  it('takes every setting', () => {
    expect(
      readArchiveConfig({
        ...GOOD,
        BIRD_WORKSPACE_ID: WORKSPACE.toUpperCase(),
        BACKFILL_WORKSPACE_IDS: `other, ${WORKSPACE}`,
        ARCHIVE_PREFIX: 'team/calls',
        RETENTION_MODE: 'COMPLIANCE',
        RETENTION_DAYS: '2557',
        S3_FORCE_PATH_STYLE: 'true',
        LOG_LEVEL: 'debug',
        RETRIEVE_COUNTRY: ' de ',
        RETRIEVE_REASON_REQUIRED: '1',
      }),
    ).toEqual({
      bucket: 'archive',
      prefix: 'team/calls/',
      workspaceId: WORKSPACE,
      workspaceIds: [WORKSPACE, 'other'],
      retention: { mode: 'COMPLIANCE', days: 2557 },
      forcePathStyle: true,
      logLevel: 'debug',
      country: 'DE',
      reasonRequired: true,
    })
  })

  it('is not concerned with the settings of the archiver, however they are', () => {
    expect(faultsOf({ ...GOOD, BIRD_ACCESS_KEY: 'two words', CONCURRENCY: 'many', QUEUE_URL: 'q' })).toEqual(
      [],
    )
  })

  it.each(Object.entries(BAD).map(([name, [value, fault]]) => [name, value, fault] as const))(
    'is refused with %s=%s',
    (name, value, fault) => {
      expect(faultsOf({ ...GOOD, [name]: value })).toEqual([fault])
    },
  )

  it('is refused with all faults at once', () => {
    const all = Object.fromEntries(Object.entries(BAD).map(([name, [value]]) => [name, value]))
    const faults = faultsOf({ ...all, BIRD_WORKSPACE_ID: '../x' })
    expect(faults).toEqual(expect.arrayContaining(Object.values(BAD).map(([, fault]) => fault)))
    expect(faults).toHaveLength(Object.keys(BAD).length + 2)
  })
})

describe('the settings of retrieving', () => {
  const environment = { ...GOOD, BIRD_ACCESS_KEY: 'key' }

  it('are known to the archiver, which leaves them alone', () => {
    const more = { RETRIEVE_COUNTRY: 'DE', RETRIEVE_REASON_REQUIRED: 'true' }
    expect(readConfig({ ...environment, ...more }, { queues: false })).toEqual(
      readConfig(environment, { queues: false }),
    )
  })

  it('are a fault to the archiver, too, where they are misspelt', () => {
    expect(() => readConfig({ ...environment, RETRIEVE_CUNTRY: 'DE' }, { queues: false })).toThrow(
      'RETRIEVE_CUNTRY is not a setting of this program: is it misspelt?',
    )
  })
})
