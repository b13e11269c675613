import * as v from 'valibot'

const REBUILD_SCHEMA = 'urn:bird-recording-archiver:catalog-rebuild:1'

const RebuildDocument = v.object({
  schema: v.literal(REBUILD_SCHEMA),
  workspaceId: v.string(),
  startedAt: v.string(),
  /** The last key whose row is in the catalog, with all before it; empty at the beginning. */
  after: v.string(),
  /** Sidecars whose row is in the catalog. */
  recordings: v.number(),
  segments: v.number(),
  /** Keys of sidecars that cannot be read, the first of them. */
  unreadable: v.array(v.string()),
  unreadableCount: v.number(),
  finishedAt: v.nullable(v.string()),
})

/** How far a rebuild of a workspace's catalog has come. Sidecars are taken in the order of their keys. */
export type Rebuild = Omit<v.InferOutput<typeof RebuildDocument>, 'schema'>

/** So many unreadable sidecars are named; the others are counted. */
const NAMED = 100

function beginRebuild(workspaceId: string, now: Date): Rebuild {
  return {
    workspaceId,
    startedAt: now.toISOString(),
    after: '',
    recordings: 0,
    segments: 0,
    unreadable: [],
    unreadableCount: 0,
    finishedAt: null,
  }
}

/** Goes on with a rebuild that has not come to its end; else begins anew. */
export function openRebuild(held: Rebuild | undefined, workspaceId: string, now: Date): Rebuild {
  return held === undefined || held.finishedAt !== null ? beginRebuild(workspaceId, now) : held
}

/** What a stretch of sidecars adds. */
export function advanceRebuild(
  rebuild: Rebuild,
  came: {
    readonly after: string
    readonly recordings: number
    readonly segments: number
    readonly unreadable: readonly string[]
  },
): Rebuild {
  return {
    ...rebuild,
    after: came.after,
    recordings: rebuild.recordings + came.recordings,
    segments: rebuild.segments + came.segments,
    unreadable: [...rebuild.unreadable, ...came.unreadable].slice(0, NAMED),
    unreadableCount: rebuild.unreadableCount + came.unreadable.length,
  }
}

/** Why a catalog that was made again may lack rows; empty where it lacks none for that. */
export function describeGaps({ workspaceId, startedAt, finishedAt, ...rebuild }: Rebuild): readonly string[] {
  if (finishedAt === null)
    return [
      `a rebuild of the catalog of workspace ${workspaceId}, begun ${startedAt}, has not come to its end: bird-archive catalog rebuild ` +
        'goes on with it',
    ]
  const { unreadable, unreadableCount } = rebuild
  if (unreadableCount === 0) return []
  const sidecars = unreadableCount === 1 ? '1 sidecar' : `${unreadableCount} sidecars`
  return [
    `${sidecars} of workspace ${workspaceId} could not be read when its catalog was made again on ${finishedAt.slice(0, 10)} ` +
      `(${unreadable[0] ?? ''}${unreadableCount > 1 ? ', …' : ''}): see what bird-archive verify says of them, then bird-archive catalog rebuild`,
  ]
}

/**
 * When a rebuild began that came to its end and could read every sidecar: the row of whatever was archived before is in what it
 * has written. Undefined where there is none.
 */
export function rebuiltFrom({ startedAt, finishedAt, unreadableCount }: Rebuild): Date | undefined {
  const from = new Date(startedAt)
  const isWhole = finishedAt !== null && unreadableCount === 0 && !Number.isNaN(from.getTime())
  return isWhole ? from : undefined
}

/**
 * Whether all rows of an object are in others, for a rebuild has written them since: then it is no loss where they cannot be read.
 * @param writtenAt as S3 tells it, which is in whole seconds: it may have been at the end of one
 */
export function isRewritten(
  { writtenAt }: { readonly writtenAt: Date | undefined },
  from: Date | undefined,
): boolean {
  if (writtenAt === undefined || from === undefined) return false
  const time = writtenAt.getTime()
  return (time % 1000 === 0 ? time + 999 : time) < from.getTime()
}

/** Undefined where it is none: then there is nothing to go on with. */
export function readRebuild(text: string): Rebuild | undefined {
  try {
    const parsed = v.safeParse(RebuildDocument, JSON.parse(text))
    if (!parsed.success) return undefined
    const { schema: _schema, ...rebuild } = parsed.output
    return rebuild
  } catch {
    return undefined
  }
}

export function writeRebuild(rebuild: Rebuild): string {
  return `${JSON.stringify({ schema: REBUILD_SCHEMA, ...rebuild }, null, 2)}\n`
}

/**
 * The part of a workspace's recordings that lies before an id, from 0 to 1: ids are random, so they lie evenly over all that
 * there can be.
 */
export function shareBefore(recordingId: string): number {
  const digits = /^[0-9a-f]{4}/.exec(recordingId)?.[0]
  return digits === undefined ? 0 : Number.parseInt(digits, 16) / 0x1_00_00
}
