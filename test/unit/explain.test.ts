import { describe, expect, it } from 'vitest'
import { explainFailure, isWorthAnotherTransfer } from '../../lib/archive/explain.ts'
import {
  BirdError,
  type BirdFailure,
  ConfigurationError,
  ConflictError,
  MediaError,
  RedirectError,
  StoppedError,
  StoreError,
} from '../../lib/errors.ts'

const OPERATIONS = ['get recording', 'get link', 'download'] as const
const API = ['get recording', 'get link'] as const
const bird = (operation: BirdFailure['operation'], status?: number) =>
  new BirdError({ operation, status }, 'why')

describe('what was thrown', () => {
  it.each([
    [
      'a body',
      new MediaError('no-frame', 'why'),
      { kind: 'failed', reason: 'bad-body', detail: 'body refused (no-frame): why', mediaFault: 'no-frame' },
    ],
    ['a redirect', new RedirectError('why'), { kind: 'failed', reason: 'redirect-refused', detail: 'why' }],
    [
      'other bytes',
      new ConflictError('key', 'aa', 'bb'),
      {
        kind: 'refused',
        reason: 'conflict',
        detail: 'key already holds other bytes: stored aa, offered bb; nothing was overwritten',
      },
    ],
    [
      'a setting',
      new ConfigurationError(['one', 'two']),
      { kind: 'failed', reason: 'misconfigured', detail: 'one · two' },
    ],
    ['the bucket', new StoreError('why'), { kind: 'failed', reason: 'storage', detail: 'why' }],
    ['a surprise', new TypeError('why'), { kind: 'failed', reason: 'unexpected', detail: 'TypeError: why' }],
    [
      'a stop',
      new StoppedError('deadline'),
      { kind: 'failed', reason: 'unexpected', detail: 'StoppedError: stopped: deadline' },
    ],
    ['no error at all', 'why', { kind: 'failed', reason: 'unexpected', detail: 'why' }],
    ['nothing', undefined, { kind: 'failed', reason: 'unexpected', detail: 'undefined' }],
  ])('%s has its place', (_, thrown, outcome) => {
    expect(explainFailure(thrown)).toEqual(outcome)
  })

  it.each(OPERATIONS)('429 to "%s" is throttling, and keeps what Retry-After asks', (operation) => {
    const error = new BirdError({ operation, status: 429, retryAfterMs: 7_000 }, 'slow down')
    expect(explainFailure(error)).toEqual({ kind: 'throttled', retryAfterMs: 7_000 })
    expect(explainFailure(bird(operation, 429))).toEqual({ kind: 'throttled', retryAfterMs: undefined })
  })

  it.each(API)('of "%s" is explained by its status', (operation) => {
    expect(explainFailure(bird(operation, 401))).toEqual({
      kind: 'failed',
      reason: 'misconfigured',
      detail: `${operation} answered 401: why: the access key is wrong or revoked: set BIRD_ACCESS_KEY, or the secret behind BIRD_ACCESS_KEY_SECRET`,
      httpStatus: 401,
    })
    expect(explainFailure(bird(operation, 403))).toEqual({
      kind: 'failed',
      reason: 'misconfigured',
      detail: `${operation} answered 403: why: the access key lacks a policy: it needs View on /workspaces/<workspace>/recordings and /recordings/**`,
      httpStatus: 403,
    })
    expect(explainFailure(bird(operation, 422))).toEqual({
      kind: 'refused',
      reason: 'unprocessable',
      detail: `${operation} answered 422: why`,
    })
    expect(explainFailure(bird(operation, 404))).toEqual({
      kind: 'failed',
      reason: 'not-found',
      detail: `${operation} answered 404: why`,
      httpStatus: 404,
    })
    for (const httpStatus of [200, 301, 400, 500, 503])
      expect(explainFailure(bird(operation, httpStatus))).toMatchObject({
        kind: 'failed',
        reason: 'bird-unavailable',
        httpStatus,
      })
    expect(explainFailure(bird(operation))).toEqual({
      kind: 'failed',
      reason: 'bird-unavailable',
      detail: `${operation}: why`,
    })
  })

  it.each([401, 403, 404, 422, 500])('%i from a link says nothing of the key or the recording', (status) => {
    expect(explainFailure(bird('download', status))).toEqual({
      kind: 'failed',
      reason: 'bird-unavailable',
      detail: `download answered ${status}: why`,
      httpStatus: status,
    })
  })

  it("carries Bird's request id, for whoever asks Bird's support", () => {
    const error = new BirdError({ operation: 'get link', status: 404, requestId: 'req-1' }, 'gone')
    expect(explainFailure(error)).toMatchObject({ detail: 'get link answered 404: gone [request req-1]' })
  })
})

describe('fetching anew at once', () => {
  it.each([
    ['a bad body', new MediaError('shorter-than-declared', 'why'), true],
    ['a transfer that broke', bird('download'), true],
    ['a link that was refused', bird('download', 403), false],
    ['an API that gave no answer', bird('get link'), false],
    ['an API that refused', bird('get recording', 500), false],
  ])('after %s: %s', (_, error, isWorth) => {
    expect(isWorthAnotherTransfer(error)).toBe(isWorth)
  })
})
