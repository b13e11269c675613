import {
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyLedger, writeLedger } from '../../lib/backfill/ledger.ts'
import { windowNamed } from '../../lib/backfill/window.ts'
import {
  attestationsOf,
  callsOn,
  DAY_MS,
  HOUR_MS,
  ledgerOf,
  runSweep,
  startWorldAt,
  sweepToEnd,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'

const DAY = '2026-03-09'
const EVENT = { sweep: 'recent', days: 2 }
const YEARS = { RETENTION_MODE: 'COMPLIANCE', RETENTION_DAYS: '36500' }

let world: BackfillWorld
let clock: TestClock
let client: S3Client
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt('2026-03-10T12:00:00.000Z'))
  client = new S3Client({ forcePathStyle: true, customUserAgent: 'backfill-world' })
  const calls = callsOn(DAY, 2)
  world.setCalls(calls)
  await world.archiveAll(calls)
})
afterEach(async () => {
  client.destroy()
  await world[Symbol.asyncDispose]()
})

async function sweep(env: Readonly<Record<string, string>> = {}): Promise<void> {
  await sweepToEnd(world, { clock, event: EVENT, env })
  clock.advance(HOUR_MS)
}
/** As it is done by whoever has lost the ledgers, or moved one away. */
async function beginLedgerAnew(): Promise<void> {
  const blank = writeLedger(emptyLedger(world.workspaceId, windowNamed(DAY)!))
  await world.put(`backfill/windows/${world.workspaceId}/${DAY}.json`, blank)
}
const attested = async () => (await attestationsOf(world)).get(DAY) ?? []
/** The one attestation of the day: where it is, and its lock. */
async function onlyAttestation() {
  const [attestation, ...others] = await attested()
  expect(others).toEqual([])
  const at = { Bucket: 'archive', Key: String(attestation?.['key']) }
  const { Retention } = await client
    .send(new GetObjectRetentionCommand(at))
    .catch(() => ({ Retention: undefined }))
  return { attestation, at, lock: Retention }
}
const lockOf = (mode: string, days: number) => ({
  Mode: mode,
  RetainUntilDate: new Date(Date.parse('2026-03-10T00:00:00Z') + days * DAY_MS),
})

describe('with retention on', () => {
  it('an attestation is locked as a recording of the last moment of its day is, and nobody can delete it', async () => {
    await sweep(YEARS)
    const { attestation, at, lock } = await onlyAttestation()
    expect(lock).toEqual(lockOf('COMPLIANCE', 36_500))
    const { Versions = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: at.Bucket, Prefix: at.Key }),
    )
    const VersionId = Versions[0]?.VersionId
    await expect(client.send(new DeleteObjectCommand({ ...at, VersionId }))).rejects.toThrow(
      /AccessDenied|WORM|lock/i,
    )
    expect(await attested()).toEqual([attestation])
  })
})

describe('an attestation that was written without a lock', () => {
  it('gets it when its day is attested again with retention on, and stays what it is', async () => {
    await sweep()
    const { attestation, lock } = await onlyAttestation()
    expect(lock).toBeUndefined()
    await beginLedgerAnew()
    await sweep(YEARS)
    expect(await onlyAttestation()).toMatchObject({ attestation, lock: lockOf('COMPLIANCE', 36_500) })
    expect((await ledgerOf(world, DAY))['attestation']).toMatchObject({ key: attestation?.['key'] })
  })

  it('is not said to attest anything while the lock cannot be set', async () => {
    await sweep()
    await beginLedgerAnew()
    world.s3Faults = ({ operation }) =>
      operation === 'PutObjectRetention' ? { kind: 'error', status: 503, code: 'SlowDown' } : undefined
    await runSweep(world, { clock, event: EVENT, env: YEARS })
    expect(await ledgerOf(world, DAY)).toMatchObject({ attestation: null })
    world.s3Faults = () => undefined
    clock.advance(HOUR_MS)
    await sweep(YEARS)
    expect((await onlyAttestation()).lock).toEqual(lockOf('COMPLIANCE', 36_500))
  })
})

describe('an attestation that a run has written, and could not lock any more', () => {
  it('is locked by the next one', async () => {
    world.s3Faults = ({ operation, key }) => {
      if (operation === 'PutObjectRetention') return { kind: 'error', status: 503, code: 'SlowDown' }
      return operation === 'PutObject' && key.includes('attestations') ? { kind: 'ignore-lock' } : undefined
    }
    await runSweep(world, { clock, event: EVENT, env: YEARS })
    expect((await onlyAttestation()).lock).toBeUndefined()
    world.s3Faults = () => undefined
    clock.advance(HOUR_MS)
    await sweep(YEARS)
    expect((await onlyAttestation()).lock).toEqual(lockOf('COMPLIANCE', 36_500))
  })
})

describe('an attestation that is locked', () => {
  it('keeps its lock where the retention is weaker when its day is attested again, and off after that', async () => {
    await sweep(YEARS)
    for (const env of [{ RETENTION_MODE: 'GOVERNANCE', RETENTION_DAYS: '400' }, {}]) {
      await beginLedgerAnew()
      await sweep(env)
      expect((await onlyAttestation()).lock).toEqual(lockOf('COMPLIANCE', 36_500))
    }
  })
})
