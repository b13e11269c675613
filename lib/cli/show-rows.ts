import { isAsStrong } from '../archive/retention.ts'
import type { Sidecar } from '../archive/sidecar.ts'
import { toEntry } from '../catalog/entry.ts'
import { nameFile } from '../retrieve/file-name.ts'
import type { Located } from '../retrieve/retrieve.ts'
import { nameClass } from './get-refusal.ts'
import { formatBytes, formatDuration } from './print.ts'

type Row = readonly [name: string, text: string]

/** What a person wants to know of a recording, by name; what is not known is left out. */
export function describeRecording({ sidecar, state }: Located, bucket: string): Row[] {
  const entry = toEntry(sidecar)
  const { audio, quality, bird, provenance, retention } = sidecar
  const channels =
    quality.channels === null ? '' : `, ${quality.channels === 1 ? 'mono' : `${quality.channels} channels`}`
  const call = [entry.source, entry.source_id].filter((part) => part !== null).join(' ')
  const rows: (readonly [string, string | null | undefined])[] = [
    ['workspace', sidecar.workspaceId],
    ['created', atSecond(entry.created_at)],
    ['call began', entry.started_at && atSecond(entry.started_at)],
    ['call ended', entry.ended_at && atSecond(entry.ended_at)],
    ['from', entry.from_number && `+${entry.from_number}`],
    ['to', entry.to_number && `+${entry.to_number}`],
    ['direction', entry.direction],
    ['channel', entry.channel_id],
    ['source', call === '' ? null : call],
    ['conference', entry.conference_id],
    ['status at Bird', typeof bird['status'] === 'string' ? bird['status'] : null],
    ['duration', `${formatDuration(quality.measuredDurationMs)} as measured${channels}`],
    ['findings', quality.findings.length === 0 ? 'none' : quality.findings.join(', ')],
    ['archived', atSecond(provenance.archivedAt)],
    ['audio', `s3://${bucket}/${audio.key}`],
    ['version', audio.versionId],
    ['size', `${audio.bytes} bytes (${formatBytes(audio.bytes)})`],
    ['SHA-256', audio.sha256],
    ...(state === undefined ? [] : describeState(state, retention.lock)),
  ]
  return rows.flatMap(([name, text]) => (text === null || text === undefined ? [] : [[name, text] as const]))
}

/** Whether the bucket shows a lock, and not the one that the recording was given: shorter, or of the weaker mode. */
export function isLockWeaker({ sidecar, state }: Pick<Located, 'sidecar' | 'state'>): boolean {
  const { lock } = sidecar.retention
  return (
    lock !== null &&
    state?.lock !== undefined &&
    !isAsStrong(state.lock, { ...lock, until: new Date(lock.until) })
  )
}

function describeState(
  state: NonNullable<Located['state']>,
  archivedLock: Sidecar['retention']['lock'],
): readonly Row[] {
  const { lock, legalHold, readable } = state
  const unseen =
    archivedLock === null
      ? 'no'
      : 'not shown: either the lock has run out, or you may not see it (s3:GetObjectRetention)'
  const copy =
    typeof readable === 'object' ? `, restored copy until ${atSecond(readable.until.toISOString())}` : ''
  return [
    ['locked until', lock === undefined ? unseen : `${atSecond(lock.until.toISOString())} (${lock.mode})`],
    ['legal hold', legalHold === undefined ? 'none is shown' : legalHold ? 'YES' : 'no'],
    ['storage', `${nameClass(state)}${copy}`],
  ]
}

/**
 * How somebody without this program finds out that the audio is what was archived: commands to paste, in which nothing that
 * stands in the sidecar is anything but a word.
 */
export function waysToCheck(sidecar: Sidecar, bucket: string): string[] {
  const { key, versionId, sha256 } = sidecar.audio
  const name = nameFile(sidecar)
  // Without "=", a version that begins with a dash would be an option.
  const version = versionId === null ? '' : ` --version-id=${quote(versionId)}`
  return [
    `aws s3api get-object --bucket ${quote(bucket)} --key ${quote(key)}${version} ${quote(name)}`,
    `echo ${quote(`${sha256}  ${name}`)} | sha256sum -c`,
  ]
}

function quote(text: string): string {
  return /^[\w./=:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** `2026-03-01 10:12:13 UTC` */
function atSecond(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`
}
