import { userInfo } from 'node:os'
import type { Command, OptionValues } from '@commander-js/extra-typings'
import type { ArchiveConfig } from '../archive-config.ts'
import { isRecordingId, toWorkspaceId, WORKSPACE_ID } from '../archive/message.ts'
import { checkActor, checkReason } from '../retrieve/access.ts'
import type { Requester } from '../retrieve/retrieve.ts'
import { UsageError } from './usage-error.ts'

export interface WhoAndWhy {
  readonly reason?: string | undefined
  readonly actor?: string | undefined
}

/** The options of every command that hands something out. */
export function addWhoAndWhy<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .option('--reason <text>', 'why; it goes into the access log')
    .option('--actor <name>', "who asks (default: the operating system's name for you)")
    .option('--workspace <id>', 'in place of the configured ones')
}

/**
 * Reads who asks and why.
 * @throws UsageError with what is missing or cannot be written down
 */
export function readRequester(options: WhoAndWhy, config: Pick<ArchiveConfig, 'reasonRequired'>): Requester {
  const actor = checkActor(options.actor ?? readUserName())
  const reason = checkReason(options.reason, config.reasonRequired)
  if (!actor.ok || !reason.ok)
    throw new UsageError(
      'Who, and why?',
      [actor, reason].flatMap((read) => (read.ok ? [] : [read.fault])),
    )
  return { actor: actor.actor, reason: reason.reason, via: 'terminal' }
}

export const AS_ARCHIVED =
  'what was archived, also where somebody has deleted its sidecar since, or written over it'

/** The workspaces in which a recording is looked for: the one that is named, or all that are configured. */
export function readWorkspaces(
  named: string | undefined,
  config: Pick<ArchiveConfig, 'workspaceIds'>,
): readonly string[] {
  if (named === undefined) return config.workspaceIds
  const id = named.trim()
  if (!WORKSPACE_ID.test(id))
    throw new UsageError('No such workspace.', ['--workspace has characters that no workspace id has'])
  return [toWorkspaceId(id)]
}

/** In which workspaces something was looked for: an id that is mistyped can be seen. */
export function nameWorkspaces(workspaceIds: readonly string[]): string {
  return `${workspaceIds.length === 1 ? 'workspace' : 'workspaces'} ${workspaceIds.join(', ')}`
}

/** Recording ids as they were given, each once, in lower case. */
export function readRecordingIds(given: readonly string[]): readonly string[] {
  const faults = given.flatMap((text, index) =>
    isRecordingId(text.trim())
      ? []
      : [`argument ${index + 1} is not a recording id (a UUID): bird-archive find looks it up`],
  )
  if (faults.length > 0) throw new UsageError('These are no recordings:', faults)
  return [...new Set(given.map((text) => text.trim().toLowerCase()))]
}

/** Empty where the operating system knows no name, as in some containers. */
function readUserName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}
