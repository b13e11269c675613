import { isRecordingId, toWorkspaceId, WORKSPACE_ID } from '../archive/message.ts'

/** A recording that was asked for. */
export interface AskedFor {
  readonly recordingId: string
  /** As it is spelt in the bucket. Undefined: that of the environment. */
  readonly workspaceId: string | undefined
}

export interface ReadIds {
  /** Each recording once, in the order of its first mention. */
  readonly recordings: readonly AskedFor[]
  /** How many lines named a recording again. */
  readonly duplicates: number
  /** One sentence for each line that can't be read, with its number. */
  readonly faults: readonly string[]
}

interface Columns {
  readonly recordingId: number
  readonly workspaceId: number | undefined
}

/** In a list that somebody drew up, `id` may be of anything else, if there is a `recordingId` beside it. */
const ID_COLUMNS = ['recordingid', 'id']
const WORKSPACE_COLUMN = 'workspaceid'
const MAX_QUOTED = 60

/**
 * Reads a list of recordings: one id a line; CSV (a column named `recordingId`, else `id`, else the first); or NDJSON
 * (`{"recordingId", "workspaceId"?}`, or what `find --json` writes), even mixed. Empty lines and lines that start with `#` don't count.
 * @param source what a fault is called by, such as `ids.csv`
 */
export function readIds(text: string, source: string): ReadIds {
  const found = new Map<string, AskedFor>()
  const faults: string[] = []
  let duplicates = 0
  let columns: Columns | undefined
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.replace(/^ +|\s+$/g, '')
    if (line === '' || line.startsWith('#')) continue
    const cells = line.startsWith('{') ? [] : splitCells(line)
    if (columns === undefined && cells.length > 0) {
      const header = readHeader(cells)
      columns = header ?? { recordingId: 0, workspaceId: undefined }
      if (header !== undefined) continue
    }
    const read = line.startsWith('{') ? readObject(line) : readCells(cells, columns)
    if (typeof read === 'string') {
      faults.push(`${source}:${index + 1}: ${read}`)
      continue
    }
    const name = `${read.workspaceId ?? ''} ${read.recordingId}`
    if (found.has(name)) duplicates += 1
    else found.set(name, read)
  }
  return { recordings: [...found.values()], duplicates, faults }
}

function readHeader(cells: readonly string[]): Columns | undefined {
  const names = cells.map((cell) => cell.toLowerCase().replaceAll(/[^a-z]/g, ''))
  const recordingId = ID_COLUMNS.map((name) => names.indexOf(name)).find((index) => index >= 0)
  const workspaceId = names.indexOf(WORKSPACE_COLUMN)
  if (recordingId === undefined) return undefined
  return { recordingId, workspaceId: workspaceId < 0 ? undefined : workspaceId }
}

function readCells(cells: readonly string[], columns: Columns | undefined): AskedFor | string {
  const { recordingId, workspaceId } = columns ?? { recordingId: 0, workspaceId: undefined }
  return check(cells[recordingId] ?? '', workspaceId === undefined ? undefined : cells[workspaceId])
}

function readObject(line: string): AskedFor | string {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return 'this is no JSON object'
  }
  // With underscores as `find --json` writes them.
  const {
    recording_id,
    workspace_id,
    recordingId = recording_id,
    workspaceId = workspace_id,
  } = json as Readonly<Record<string, unknown>>
  if (typeof recordingId !== 'string') return 'the object has no recordingId'
  if (workspaceId !== undefined && typeof workspaceId !== 'string') return 'the workspaceId is no text'
  return check(recordingId, workspaceId)
}

function check(recordingId: string, workspaceId: string | undefined): AskedFor | string {
  const id = recordingId.trim().toLowerCase()
  if (!isRecordingId(id)) return `${quote(recordingId)} is not a recording id (a UUID)`
  const workspace = workspaceId === undefined || workspaceId === '' ? undefined : workspaceId
  if (workspace !== undefined && !WORKSPACE_ID.test(workspace))
    return `${quote(workspace)} is not a workspace id`
  return { recordingId: id, workspaceId: workspace && toWorkspaceId(workspace) }
}

/** What stood there; digits that may be a telephone number in the wrong column are not repeated. */
function quote(text: string): string {
  const shown = text.replace(/\+?\d[\d ().-]{5,}\d/g, '…')
  return shown.length > MAX_QUOTED ? `"${shown.slice(0, MAX_QUOTED)}…"` : `"${shown}"`
}

/** RFC 4180, with semicolon and tab beside the comma, as spreadsheets write them; a cell holds no line break. */
function splitCells(line: string): string[] {
  // With one in front, each cell begins with a separator, the empty ones too.
  return Array.from(`,${line}`.matchAll(/[,;\t] *(?:"((?:[^"]|"")*)"|([^,;\t]*))/g), ([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"').trim(),
  )
}
