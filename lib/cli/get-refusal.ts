import type { AudioFault } from '../retrieve/judge-audio.ts'
import { RESTORE_TIERS, restoreTime, type Storage } from '../retrieve/restore.ts'
import type { Missing } from '../retrieve/retrieve.ts'
import { formatBytes } from './print.ts'

/** Says why nothing was handed out, and what can be done about it: the first line is the reason. */
export function explainRefusal(refusal: AudioFault | Missing, workspaceIds: readonly string[]): string[] {
  switch (refusal.kind) {
    case 'not-archived':
      return [
        `it is not archived in ${workspaceIds.length === 1 ? 'workspace' : 'any of the workspaces'} ${workspaceIds.join(', ')}`,
        'is the id right? bird-archive find looks it up; --workspace names another workspace',
        'if Bird has it still, archive it: bird-archive archive ID',
      ]
    case 'unreadable-sidecar':
      return [
        `its sidecar cannot be relied on: ${refusal.fault}`,
        refusal.hasOriginal
          ? 'what was archived is there nevertheless: add --as-archived (get, show); export has it in any case'
          : `look at ${refusal.key}`,
      ]
    case 'no-audio':
      return [
        `its sidecar is there, its audio is not: ${refusal.key}${refusal.versionId === null ? '' : `, version ${refusal.versionId}`}`,
        'see whether a version lies elsewhere, or was deleted: aws s3api list-object-versions --prefix KEY',
      ]
    case 'altered':
      return [
        'what lies in the bucket is NOT what was archived',
        `archived  ${describe(refusal.archived)}`,
        `found     ${describe(refusal.found)}`,
        'do not use it and delete nothing: it is evidence of what happened; bird-archive verify tells how far it goes',
      ]
    case 'to-restore':
      return refusal.isUnderWay
        ? [
            `it is being restored from ${nameClass(refusal.storage)}: that takes hours, S3 does not say when it ends`,
            'try again later; show ID tells when it is there',
          ]
        : [
            `it lies in ${nameClass(refusal.storage)} and must be restored before it can be read`,
            'start that with: bird-archive get ID --restore',
            ...RESTORE_TIERS.flatMap((tier) => {
              const time = restoreTime(refusal.storage, tier)
              return time === undefined ? [] : [`  --restore ${tier.toLowerCase().padEnd(9)}  there ${time}`]
            }),
          ]
  }
}

/** Storage class and tier as S3 names them. */
export function nameClass({ storageClass, archiveStatus }: Storage): string {
  return [storageClass ?? 'STANDARD', archiveStatus].filter((name) => name !== undefined).join(' / ')
}

function describe({
  bytes,
  sha256,
}: {
  readonly bytes: number
  readonly sha256: string | undefined
}): string {
  return `${bytes} bytes (${formatBytes(bytes)}), SHA-256 ${sha256 ?? 'not computed'}`
}
