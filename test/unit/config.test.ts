import { describe, expect, it } from 'vitest'
import { readConfig } from '../../lib/config.ts'
import { ConfigurationError } from '../../lib/errors.ts'

const KEY = 'test-access-key-0000000000000000'
const GOOD: Readonly<Record<string, string | undefined>> = {
  BIRD_WORKSPACE_ID: '8bc02f53-87ac-48d2-b4fd-c2cf856a305f',
  BIRD_ACCESS_KEY: KEY,
  ARCHIVE_BUCKET: 'archive',
  QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/queue',
  DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/dead',
}
const read = (more: Record<string, string | undefined> = {}, queues = true) =>
  readConfig({ ...GOOD, ...more }, { queues })

function faultsOf(more: Record<string, string | undefined>, queues = true): readonly string[] {
  try {
    read(more, queues)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults
    throw error
  }
}

const BAD = {
  BIRD_API_URL: ['api.bird.com', 'BIRD_API_URL is not a URL'],
  BIRD_WORKSPACE_ID: ['../x', 'BIRD_WORKSPACE_ID has characters that no workspace id has'],
  BIRD_ACCESS_KEY: ['two words', 'BIRD_ACCESS_KEY has characters that no key has'],
  BIRD_REQUESTS_PER_SECOND: ['fast', 'BIRD_REQUESTS_PER_SECOND must be a number like 10 or 2.5'],
  ARCHIVE_BUCKET: [
    's3://archive',
    'ARCHIVE_BUCKET is not the name of a bucket (no s3://, no path, lower case)',
  ],
  ARCHIVE_PREFIX: [
    '/calls',
    'ARCHIVE_PREFIX may hold letters, digits and -_.=, in segments parted by single slashes, with no slash in front',
  ],
  QUEUE_URL: ['queue', "QUEUE_URL is not a URL: it is the queue's URL, not its ARN or name"],
  DEAD_LETTER_QUEUE_URL: [
    'arn:aws:sqs:eu-west-1:123456789012:dead',
    "DEAD_LETTER_QUEUE_URL is not a URL: it is the queue's URL, not its ARN or name",
  ],
  CONCURRENCY: ['many', 'CONCURRENCY must be a whole number from 1 to 256'],
  MEDIA_ORIGINS: [
    'https://*',
    'MEDIA_ORIGINS: entry 1 is not scheme://host[:port], with * for leading labels at most',
  ],
  NOT_READY_HOURS: ['0', 'NOT_READY_HOURS must be a whole number from 1 to 336'],
  RETENTION_MODE: ['governance', 'RETENTION_MODE must be off, GOVERNANCE or COMPLIANCE'],
  RETENTION_DAYS: ['0', 'RETENTION_DAYS must be a whole number from 1 to 36500'],
  S3_FORCE_PATH_STYLE: ['maybe', 'S3_FORCE_PATH_STYLE must be true or false'],
  LOG_LEVEL: ['verbose', 'LOG_LEVEL must be debug, info, warn or error'],
  BACKFILL_WORKSPACE_IDS: ['one,../x', 'BACKFILL_WORKSPACE_IDS must be workspace ids, separated by commas'],
  BACKFILL_MAX_QUEUED: ['9', 'BACKFILL_MAX_QUEUED must be a whole number from 10 to 100000000'],
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: [
    '1',
    'AWS_LAMBDA_FUNCTION_MEMORY_SIZE must be a whole number from 64 to 1048576',
  ],
  BIRD_ACESS_KEY: ['x', 'BIRD_ACESS_KEY is not a setting of this program: is it misspelt?'],
} as const

const MISSING = [
  ['BIRD_WORKSPACE_ID', "BIRD_WORKSPACE_ID is not set: it is the UUID in your Bird workspace's address"],
  ['ARCHIVE_BUCKET', 'ARCHIVE_BUCKET is not set: it is the name of the bucket that keeps the recordings'],
  ['QUEUE_URL', 'QUEUE_URL is not set: it is the URL of the queue that feeds this function'],
  ['DEAD_LETTER_QUEUE_URL', 'DEAD_LETTER_QUEUE_URL is not set: it is the URL of its dead-letter queue'],
  [
    'BIRD_ACCESS_KEY',
    'set exactly one of BIRD_ACCESS_KEY (the key itself) and BIRD_ACCESS_KEY_SECRET (its name or ARN in Secrets Manager)',
  ],
] as const

describe('the configuration', () => {
  it('has a default for everything that a deployment need not say', () => {
    expect(read()).toEqual({
      birdApiUrl: new URL('https://api.bird.com'),
      workspaceId: GOOD['BIRD_WORKSPACE_ID'],
      backfillWorkspaceIds: [GOOD['BIRD_WORKSPACE_ID']],
      maxQueued: 10_000,
      accessKey: { value: KEY },
      bucket: 'archive',
      prefix: '',
      queues: { queueUrl: GOOD['QUEUE_URL'], deadLetterQueueUrl: GOOD['DEAD_LETTER_QUEUE_URL'] },
      concurrency: 16,
      mediaOrigins: [{ protocol: 'https:', host: '*.amazonaws.com', port: '443' }],
      notReadyHours: 24,
      requestsPerSecond: 40,
      retention: { mode: 'off' },
      forcePathStyle: false,
      logLevel: 'info',
      memoryMb: 1024,
    })
  })

  it('takes every setting', () => {
    const config = read({
      BIRD_API_URL: ' https://proxy.example/bird ',
      BIRD_ACCESS_KEY: undefined,
      BIRD_ACCESS_KEY_SECRET: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:bird',
      BIRD_REQUESTS_PER_SECOND: '2.5',
      ARCHIVE_PREFIX: 'team/calls',
      CONCURRENCY: ' 256 ',
      MEDIA_ORIGINS: 'https://media.example, http://127.0.0.1:9000,',
      NOT_READY_HOURS: '336',
      RETENTION_MODE: 'COMPLIANCE',
      RETENTION_DAYS: '2557',
      S3_FORCE_PATH_STYLE: '1',
      LOG_LEVEL: 'debug',
      BACKFILL_WORKSPACE_IDS: 'one, two ,',
      BACKFILL_MAX_QUEUED: '100000000',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    })
    expect(config).toMatchObject({
      birdApiUrl: new URL('https://proxy.example/bird'),
      accessKey: { secretId: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:bird' },
      requestsPerSecond: 2.5,
      prefix: 'team/calls/',
      concurrency: 256,
      mediaOrigins: [
        { protocol: 'https:', host: 'media.example', port: '443' },
        { protocol: 'http:', host: '127.0.0.1', port: '9000' },
      ],
      notReadyHours: 336,
      retention: { mode: 'COMPLIANCE', days: 2557 },
      forcePathStyle: true,
      logLevel: 'debug',
      backfillWorkspaceIds: [GOOD['BIRD_WORKSPACE_ID'], 'one', 'two'],
      maxQueued: 100_000_000,
      memoryMb: 512,
    })
  })

  it('takes an empty value for one that is not set', () => {
    const names = Object.keys(BAD).filter((name) => !(name in GOOD))
    const empty = Object.fromEntries(names.map((name, index) => [name, index % 2 === 0 ? '' : ' \t']))
    expect(read({ ...empty, BIRD_ACCESS_KEY_SECRET: '' })).toEqual(read())
    for (const [name, fault] of MISSING) expect(faultsOf({ [name]: ' ' })).toEqual([fault])
  })

  it.each(MISSING)('is refused without %s', (name, fault) => {
    expect(faultsOf({ [name]: undefined })).toEqual([fault])
  })

  it('needs no queue in a terminal', () => {
    expect(read({ QUEUE_URL: undefined, DEAD_LETTER_QUEUE_URL: undefined }, false).queues).toBeUndefined()
    expect(faultsOf({ QUEUE_URL: 'queue' }, false)).toEqual([BAD.QUEUE_URL[1]])
  })

  it.each(Object.entries(BAD).map(([name, [value, fault]]) => [name, value, fault] as const))(
    'is refused with %s=%s',
    (name, value, fault) => {
      expect(faultsOf({ [name]: value })).toContain(fault)
    },
  )

  it('is refused with all faults at once, each of them once', () => {
    const all = Object.fromEntries(Object.entries(BAD).map(([name, [value]]) => [name, value]))
    const faults = faultsOf(all)
    expect(faults).toEqual(expect.arrayContaining(Object.values(BAD).map(([, fault]) => fault)))
    expect(new Set(faults).size).toBe(faults.length)
  })

  it('is refused with nothing set by every name that is needed', () => {
    for (const [, fault] of MISSING) expect(() => readConfig({}, { queues: true })).toThrow(fault)
  })

  it.each([
    [
      'http://api.bird.com',
      'BIRD_API_URL must be https (plain http is allowed for this machine itself only)',
    ],
    ['ftp://api.bird.com', 'BIRD_API_URL must be https (plain http is allowed for this machine itself only)'],
    ['http://10.0.0.1', 'BIRD_API_URL must be https (plain http is allowed for this machine itself only)'],
    ['https://user@api.bird.com', 'BIRD_API_URL must hold no credentials, query or fragment'],
    ['https://:pw@api.bird.com', 'BIRD_API_URL must hold no credentials, query or fragment'],
    ['https://api.bird.com/?a', 'BIRD_API_URL must hold no credentials, query or fragment'],
    ['https://api.bird.com/#a', 'BIRD_API_URL must hold no credentials, query or fragment'],
  ])('sends the key nowhere unsafe: %s', (url, fault) => {
    expect(faultsOf({ BIRD_API_URL: url })).toEqual([fault])
  })

  it.each(['http://127.0.0.1:8080', 'http://localhost:1', 'http://[::1]/bird'])(
    'lets plain http stay on this machine: %s',
    (url) => {
      expect(read({ BIRD_API_URL: url }).birdApiUrl).toEqual(new URL(url))
    },
  )

  it.each([
    [
      { RETENTION_MODE: 'COMPLIANCE' },
      'RETENTION_MODE is COMPLIANCE, so RETENTION_DAYS must say for how many days from the call',
    ],
    [
      { RETENTION_DAYS: '9' },
      'RETENTION_DAYS is set, but RETENTION_MODE is off: set it to GOVERNANCE or COMPLIANCE, or remove RETENTION_DAYS',
    ],
    [
      { RETENTION_MODE: 'off', RETENTION_DAYS: '9' },
      'RETENTION_DAYS is set, but RETENTION_MODE is off: set it to GOVERNANCE or COMPLIANCE, or remove RETENTION_DAYS',
    ],
    [{ BIRD_ACCESS_KEY_SECRET: 'name' }, MISSING[4][1]],
    [
      { MEDIA_ORIGINS: 'https://*.amazonaws.com, https://voice.example/a.mp3?X-Amz-Signature=ab' },
      'MEDIA_ORIGINS: entry 2 is not scheme://host[:port], with * for leading labels at most: did you mean https://voice.example?',
    ],
    [{ RETENTION_MODE: 'hush' }, BAD.RETENTION_MODE[1]],
    [{ MEDIA_ORIGINS: ' , ' }, 'MEDIA_ORIGINS names no origin: leave it unset for https://*.amazonaws.com'],
    [{ BACKFILL_WORKSPACE_IDS: ' , ' }, BAD.BACKFILL_WORKSPACE_IDS[1]],
    [{ BACKFILL_MAX_QUEUED: '100000001' }, BAD.BACKFILL_MAX_QUEUED[1]],
    [{ BACKFILL_DAYS: '3' }, 'BACKFILL_DAYS is not a setting of this program: is it misspelt?'],
    [{ RETENTION_DAY: '9' }, 'RETENTION_DAY is not a setting of this program: is it misspelt?'],
    [{ ARCHIVE_BUKET: 'x' }, 'ARCHIVE_BUKET is not a setting of this program: is it misspelt?'],
    [{ CONCURRENCY: '257' }, 'CONCURRENCY must be a whole number from 1 to 256'],
    [{ CONCURRENCY: '1.5' }, 'CONCURRENCY must be a whole number from 1 to 256'],
    [{ CONCURRENCY: '-1' }, 'CONCURRENCY must be a whole number from 1 to 256'],
    [{ CONCURRENCY: '0x10' }, 'CONCURRENCY must be a whole number from 1 to 256'],
  ])('is refused with %j alone', (more, fault) => {
    expect(faultsOf(more)).toEqual([fault])
  })

  it('leaves settings of other programs alone', () => {
    expect(faultsOf({ PATH: '/bin', AWS_REGION: 'eu-west-1', BIRDS: 'many', NODE_OPTIONS: '' })).toEqual([])
  })

  it('sweeps each workspace once, however often and in whatever letter case it is named', () => {
    const id = GOOD['BIRD_WORKSPACE_ID'] ?? ''
    const ids = `${id},other,${id.toUpperCase()},other`
    expect(read({ BACKFILL_WORKSPACE_IDS: ids }).backfillWorkspaceIds).toEqual([id, 'other'])
    expect(read({ BIRD_WORKSPACE_ID: id.toUpperCase() }).backfillWorkspaceIds).toEqual([id])
  })

  it('quotes no key in a fault', () => {
    const faults = faultsOf({
      BIRD_ACCESS_KEY: `hush ${KEY}`,
      BIRD_ACCESS_KEY_SECRET: 'hush',
      BIRD_KEY: 'hush',
    })
    expect(faults).toHaveLength(3)
    expect(faults.join()).not.toMatch(/hush|test-access-key/)
  })
})

it('refuses a FIFO queue, which can delay no single message', () => {
  expect(faultsOf({ QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/queue.fifo' })).toEqual([
    'QUEUE_URL is a FIFO queue, which can delay no single message: use a standard queue',
  ])
})
