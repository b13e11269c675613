import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { S3Fault } from '../../lib/sandbox/s3-server.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'
import { runScope } from '../helpers/verify-run.ts'
import { type Kept, startVerifyWorld, type VerifyWorld } from '../helpers/verify-world.ts'

let world: VerifyWorld
beforeEach(async () => {
  world = await startVerifyWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

/** Lets requests on one object's audio go wrong, the first `times` of them. */
function strike(kept: Kept, operation: string, fault: S3Fault, times = Infinity): { struck: number } {
  const count = { struck: 0 }
  world.faults = (request) => {
    if (request.operation !== operation || request.key !== kept.audioKey || count.struck >= times)
      return undefined
    count.struck += 1
    return fault
  }
  return count
}

async function verifyBoth(bad: Kept, good: Kept): Promise<Verdict> {
  const { end } = await runScope(world, { kind: 'ids', ids: [good.id, bad.id] })
  expect(end.account.tally).toMatchObject({ recordings: 2, read: 1, mismatches: 0, unread: 1 })
  const [verdict] = end.account.unread
  expect(verdict).toMatchObject({ recordingId: bad.id, outcome: 'unread' })
  const [report] = await world.reports()
  expect(report).toMatchObject({ counts: { unread: 1 }, unread: [{ recordingId: bad.id }] })
  return verdict as Verdict
}

describe('a recording', () => {
  it.each<[string, S3Fault]>([
    ['an answer that breaks off', { kind: 'body', cutAfterBytes: 1000 }],
    ['a socket that is closed without an answer', { kind: 'cut' }],
    ['a store that asks for less', { kind: 'error', status: 503, code: 'SlowDown' }],
  ])('is read again after %s', async (_, fault) => {
    const kept = await world.keep()
    const count = strike(kept, 'GetObject', fault, 1)
    const { end } = await runScope(world, { kind: 'ids', ids: [kept.id] })
    expect(count.struck).toBe(1)
    expect(end.account.tally).toMatchObject({ read: 1, mismatches: 0, unread: 0 })
  })

  it.each<[string, string, S3Fault, string]>([
    ['breaks off each time', 'GetObject', { kind: 'body', cutAfterBytes: 0 }, 'read '],
    ['is refused', 'GetObject', { kind: 'error', status: 403, code: 'AccessDenied' }, 'grant it'],
    [
      'lies under a key that is gone',
      'GetObject',
      { kind: 'error', status: 400, code: 'KMS.DisabledException' },
      'KMS.DisabledException',
    ],
    ['cannot be looked at', 'HeadObject', { kind: 'respond', status: 500 }, 'inspect'],
  ])(
    'that %s is unread, never good, and keeps nobody from reading the others',
    async (_, operation, fault, reason) => {
      const [bad, good] = [await world.keep(), await world.keep()]
      strike(bad, operation, fault)
      expect((await verifyBoth(bad, good)).reason).toContain(reason)
    },
  )

  it('that takes too long is unread', async () => {
    const [bad, good] = [await world.keep(), await world.keep()]
    strike(bad, 'GetObject', { kind: 'body', stallAfterBytes: 1000 })
    const { end } = await runScope(
      world,
      { kind: 'ids', ids: [bad.id, good.id] },
      { compose: { recordingLimitMs: 3000 } },
    )
    expect(end.account.unread).toMatchObject([
      { recordingId: bad.id, reason: 'it took longer than 0.05 min' },
    ])
  })

  it('that lies in Glacier is unread until it is restored', async () => {
    const [bad, good] = [await world.keep({ storageClass: 'GLACIER' }), await world.keep()]
    expect((await verifyBoth(bad, good)).reason).toContain('GLACIER and must be restored first')
    expect(world.requests).not.toContain(`GetObject ${bad.audioKey}`)
  })
})

it('a bucket in which nothing can be read is a configuration fault, and no report says that all is good', async () => {
  const ids: string[] = []
  for (let number = 0; number < 12; number++) ids.push((await world.keep()).id)
  world.faults = ({ operation }) =>
    operation === 'GetObject' || operation === 'HeadObject'
      ? { kind: 'error', status: 403, code: 'AccessDenied' }
      : undefined
  await expect(runScope(world, { kind: 'ids', ids })).rejects.toMatchObject({
    name: 'ConfigurationError',
    message: expect.stringContaining('grant it') as unknown,
  })
  expect(await world.reports()).toEqual([])
})

it.each(['ListObjectVersions', 'ListMultipartUploads'])(
  'a list that breaks off (%s) ends the check: nothing passes for all',
  async (refused) => {
    await world.keep()
    world.faults = ({ operation }) =>
      operation === refused ? { kind: 'error', status: 400, code: 'InvalidRequest' } : undefined
    for (const scope of [{ kind: 'all' }, { kind: 'sample', size: 3, seed: 'x' }] as const)
      await expect(runScope(world, scope)).rejects.toMatchObject({ name: 'StoreError' })
    expect(await world.reports()).toEqual([])
  },
)
