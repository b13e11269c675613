import { createHash } from 'node:crypto'
import * as v from 'valibot'

const SCHEMA = 'urn:bird-recording-archiver:catalog-compact:3'
const SECOND_SCHEMA = 'urn:bird-recording-archiver:catalog-compact:2'
const FIRST_SCHEMA = 'urn:bird-recording-archiver:catalog-compact:1'

const FileName = v.pipe(v.string(), v.regex(/^[\w.-]+$/))
const Digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const MADE_OF = {
  rows: v.number(),
  /** Names of the segments and earlier compacts of the same day whose rows it has. */
  members: v.array(v.string()),
}

const FILE = { name: FileName, sha256: Digest }

const ManifestDocument = v.union([
  v.object({
    schema: v.literal(SCHEMA),
    /** The Parquet files beside it. */
    files: v.pipe(v.array(v.object({ ...FILE, bytes: v.number(), etag: v.string() })), v.nonEmpty()),
    ...MADE_OF,
  }),
  v.object({
    schema: v.literal(SECOND_SCHEMA),
    files: v.pipe(v.array(v.object(FILE)), v.nonEmpty()),
    ...MADE_OF,
  }),
  v.pipe(
    v.object({ schema: v.literal(FIRST_SCHEMA), parquet: FileName, sha256: Digest, ...MADE_OF }),
    v.transform(({ parquet, sha256, rows, members }) => ({
      files: [{ name: parquet, sha256 }],
      rows,
      members,
    })),
  ),
])

/** A Parquet file of a compact, as it was written. */
export interface CompactFile {
  readonly name: string
  readonly sha256: string
  readonly bytes: number
  /** What a listing has of it: another object under the same name has another. */
  readonly etag: string
}

/** What a compact, of one Parquet file or several, was made of. Before its third form a manifest told no sizes and ETags. */
export interface Manifest {
  readonly files: readonly (Pick<CompactFile, 'name' | 'sha256'> & Partial<CompactFile>)[]
  readonly rows: number
  readonly members: readonly string[]
}

/** A manifest as it is written today. */
export type WrittenManifest = Manifest & { readonly files: readonly CompactFile[] }

const ID_LENGTH = 24

/** A manifest's text, and an id for its name that one which says anything else does not have. */
export function writeManifest({ files, rows, members }: WrittenManifest): {
  readonly id: string
  readonly text: string
} {
  const text = `${JSON.stringify({ schema: SCHEMA, files, rows, members })}\n`
  return { id: createHash('sha256').update(text).digest('hex').slice(0, ID_LENGTH), text }
}

/** Undefined where it is none, or none that can be true. */
export function readManifest(text: string): Manifest | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  const parsed = v.safeParse(ManifestDocument, json)
  if (!parsed.success) return undefined
  const { files, rows, members } = parsed.output
  return files.some(({ name }) => members.includes(name)) ? undefined : { files, rows, members }
}
