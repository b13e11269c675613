import { join } from 'node:path'
import {
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3'
import { vi } from 'vitest'
import { toEntry } from '../../lib/catalog/entry.ts'
import { readSidecar } from '../../lib/archive/sidecar.ts'
import { utcDay } from '../../lib/archive/keys.ts'
import { main } from '../../lib/cli/cli.ts'
import type { Finished } from '../cli/command.ts'
import { type Kept, VAULT_WORKSPACE, type VaultWorld } from './vault-world.ts'

const Bucket = 'archive'

/** Whether S3 shows a legal hold on a version (the current one, where none is named). */
export async function isHeld(world: VaultWorld, Key: string, VersionId?: string): Promise<boolean> {
  const command = new GetObjectLegalHoldCommand({
    Bucket,
    Key,
    ...(VersionId !== undefined && { VersionId }),
  })
  const answer = await world.client.send(command).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NoSuchObjectLockConfiguration') return undefined
    throw error
  })
  return answer?.LegalHold?.Status === 'ON'
}

/** Of the audio and of the sidecar. */
export async function holdsOf(world: VaultWorld, kept: Kept): Promise<boolean[]> {
  return [await isHeld(world, kept.audioKey, kept.versionId), await isHeld(world, kept.sidecarKey)]
}

/** `GOVERNANCE 2034-03-01T00:00:00.000Z`, or `none`. */
export async function lockOf(world: VaultWorld, Key: string): Promise<string> {
  const command = new GetObjectRetentionCommand({ Bucket, Key })
  const { Retention } = (await world.client.send(command).catch(() => undefined)) ?? {}
  return Retention === undefined
    ? 'none'
    : [Retention.Mode, Retention.RetainUntilDate?.toISOString()].join(' ')
}

/** Puts rows of the catalog for recordings, as the archiver does. */
export async function catalogue(world: VaultWorld, ...recordings: readonly Kept[]): Promise<void> {
  for (const { id, sidecarKey } of recordings) {
    const read = readSidecar(await world.text(sidecarKey))
    if (!read.ok) throw new Error(read.reason)
    const entry = toEntry(read.sidecar)
    const day = utcDay(new Date(entry.created_at))
    const key = `catalog/workspace=${VAULT_WORKSPACE}/day=${day}/${id}.ndjson`
    await world.put(key, `${JSON.stringify(entry)}\n`)
  }
}

/**
 * Runs the command line within this process, whose environment is the world's; as anna. A process of its own, as
 * `test/cli/command.ts` starts one, takes seconds.
 */
export async function asAnna(
  world: Pick<VaultWorld, 'directory'>,
  ...args: readonly string[]
): Promise<Finished> {
  return await runHere(world, ...args, '--actor', 'anna')
}

/** The same without a name. */
export async function runHere(
  world: Pick<VaultWorld, 'directory'>,
  ...args: readonly string[]
): Promise<Finished> {
  process.env['XDG_CACHE_HOME'] = join(world.directory, 'cache')
  const listeners = process.stdout.listeners('error')
  const [out, err] = [process.stdout, process.stderr].map((stream) => {
    const texts: string[] = []
    const spy = vi.spyOn(stream, 'write').mockImplementation((text) => texts.push(String(text)) > 0)
    return { texts, spy }
  })
  try {
    const code = await main([...args])
    return { code, stdout: out?.texts.join('') ?? '', stderr: err?.texts.join('') ?? '' }
  } finally {
    for (const each of [out, err]) each?.spy.mockRestore()
    for (const listener of process.stdout.listeners('error'))
      if (!listeners.includes(listener)) process.stdout.off('error', listener as () => void)
  }
}

/** Of one key, delete markers left out. */
export async function versionsOf(world: VaultWorld, Key: string): Promise<string[]> {
  const page = await world.client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }))
  return (page.Versions ?? []).map(({ VersionId = '' }) => VersionId)
}
