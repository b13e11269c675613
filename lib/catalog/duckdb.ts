import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describeError, StoreError } from '../errors.ts'
import type { Catalog } from './catalog.ts'
import { type FoundRow, toEntries } from './rows.ts'
import { cutPage } from './search.ts'
import type { LocalFile, LocalFiles } from './segments.ts'
import { COLUMNS, type Days, daysOf, EVERY_ROW, type Parameter, type Statement, toStatement } from './sql.ts'

/** Brings what is to be read for some days of a workspace onto this machine. */
export type FetchSegments = (workspaceId: string, days: Days, signal: AbortSignal) => Promise<LocalFiles>

const THREADS = 2
/** Of DuckDB's own; what does not fit into it is put beside the files for as long as a search takes. */
const MEMORY = '512MB'

/**
 * Searches with DuckDB, in this process, over files that `fetch` has brought here.
 * @param memory how much DuckDB may take, as it writes that: `512MB`
 */
export function createDuckDbCatalog(fetch: FetchSegments, memory: string = MEMORY): Catalog {
  return {
    async search(criteria, page, signal) {
      const { files, reasons } = await fetch(criteria.workspaceId, daysOf(criteria), signal)
      const { rows, broken } = await searchFiles(files, toStatement(criteria, page), memory, signal)
      const faults = [...reasons, ...broken, ...files.flatMap(describeUnreadable)]
      return { ...cutPage(toEntries(rows), page), complete: faults.length === 0, reasons: faults }
    },
  }
}

/** Searches what can be read: a file that DuckDB gives up at is left out, and told as `broken`. */
async function searchFiles(
  files: readonly LocalFile[],
  statement: Statement,
  memory: string,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly FoundRow[]; readonly broken: readonly string[] }> {
  try {
    await using database = await openFiles(files, signal, { memory })
    return { rows: await database.run(statement.text, statement.parameters), broken: [] }
  } catch (error) {
    signal.throwIfAborted()
    const message = error instanceof Error ? error.message : String(error)
    const broken = files.find(({ path }) => message.includes(path))
    if (broken === undefined)
      throw new StoreError(`the catalog cannot be searched: ${describeFailure(error)}`, { cause: error })
    const others = await searchFiles(
      files.filter((file) => file !== broken),
      statement,
      memory,
      signal,
    )
    return { ...others, broken: [describeBroken(broken), ...others.broken] }
  }
}

function describeFailure(error: unknown): string {
  const isTooMuch = error instanceof Error && /out of memory|no space left/i.test(error.message)
  return isTooMuch
    ? `that takes more memory, or more room on the disk, than there is: narrow the days (--from, --to)`
    : describeError(error)
}

function describeBroken({ key }: LocalFile): string {
  return `${key} cannot be read: move it away, and have bird-archive catalog rebuild write the rows of all sidecars again`
}

function describeUnreadable({ key, unreadableLines: lines }: LocalFile): string[] {
  if (lines === 0) return []
  const what = lines === 1 ? '1 line' : `${lines} lines`
  return [
    `${what} of ${key} cannot be read: bird-archive catalog rebuild writes the rows of all sidecars again`,
  ]
}

/**
 * Writes the rows of some files into one Parquet file, each once; resolves to their number.
 * @param path of the file to write, in a directory that holds nothing else
 * @throws StoreError if the file does not hold as many rows as the files do
 */
export async function writeParquet(
  files: readonly LocalFile[],
  path: string,
  signal: AbortSignal,
): Promise<number> {
  await using database = await openFiles(files, signal, { writable: [dirname(path)] })
  const target = `${literal(path)} (format parquet, compression zstd)`
  await database.run(`copy (${WHOLE}) to ${target}`)
  const [there] = await database.run(`select count(*) as n from (select distinct * from (${EVERY_ROW}))`)
  const [written] = await database.run(`select count(*) as n from read_parquet(${literal(escapeGlob(path))})`)
  const [expected, rows] = [Number(there?.['n']), Number(written?.['n'])]
  if (rows !== expected) throw new StoreError(`${rows} rows were compacted of ${expected}`)
  return rows
}

interface Database extends AsyncDisposable {
  run(sql: string, parameters?: readonly Parameter[]): Promise<Record<string, unknown>[]>
}

/** Lets DuckDB see these files as the tables of the catalog, and nothing else of this machine: no other file, no network. */
async function openFiles(
  files: readonly LocalFile[],
  signal: AbortSignal,
  { memory = MEMORY, writable = [] }: { memory?: string; writable?: readonly string[] } = {},
): Promise<Database> {
  signal.throwIfAborted()
  await using opened = new AsyncDisposableStack()
  const homes = files.map(({ path }) => dirname(dirname(dirname(path))))
  const spill = homes[0] === undefined ? '' : await makeSpill(homes[0], opened)
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(THREADS),
    memory_limit: memory,
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  opened.defer(() => instance.closeSync())
  const connection = await instance.connect()
  opened.defer(() => connection.closeSync())
  const interrupt = (): void => connection.interrupt()
  signal.addEventListener('abort', interrupt)
  opened.defer(() => signal.removeEventListener('abort', interrupt))
  const run: Database['run'] = async (sql, parameters = []) => {
    try {
      const reader = await connection.runAndReadAll(sql, [...parameters])
      return reader.getRowObjectsJS()
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  }
  // One directory for all files: DuckDB compares each file with each directory. A pattern is looked at as it is written,
  // and what it finds as it is named.
  const directories = new Set([...homes, ...writable].flatMap((root) => [root, escapeGlob(root)]))
  for (const sql of [
    ...viewsOf(files),
    // Trino's names for what DuckDB has under others.
    'create macro cardinality(list) as len(list)',
    'create macro json_format(json) as cast(json as varchar)',
    `set allowed_directories = [${[...directories].map((directory) => literal(`${directory}/`)).join(', ')}]`,
    'set enable_external_access = false',
    'set lock_configuration = true',
  ])
    await run(sql)
  const held = opened.move()
  return { run, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

/** For nobody but its owner, as the files beside it are. */
async function makeSpill(home: string, opened: AsyncDisposableStack): Promise<string> {
  const spill = await mkdtemp(join(home, 'spill-'))
  opened.defer(() => rm(spill, { recursive: true, force: true }))
  return spill
}

const NUMBERS = new Set(['duration_ms', 'channels', 'audio_bytes'])
const TYPED = COLUMNS.map(
  (column) =>
    [column, NUMBERS.has(column) ? 'DOUBLE' : column === 'findings' ? 'VARCHAR[]' : 'VARCHAR'] as const,
)
/** What is the same in all columns is kept once. Rows of a recording that differ are all kept: each may be what it is found by. */
const WHOLE = `select distinct ${COLUMNS.join(', ')} from (${EVERY_ROW}) order by created_at desc, recording_id`

function viewsOf(files: readonly LocalFile[]): string[] {
  const pathsOf = (format: LocalFile['format']): string[] =>
    files.filter((file) => file.format === format).map(({ path }) => literal(escapeGlob(path)))
  const [segments, compacts] = [pathsOf('ndjson'), pathsOf('parquet')]
  const types = TYPED.map(([column, type]) => `${column}: '${type}'`).join(', ')
  const empty = `(select ${[...TYPED, ['filename', 'VARCHAR'] as const].map(([column, type]) => `cast(null as ${type}) as ${column}`).join(', ')} limit 0)`
  const rows =
    segments.length === 0
      ? empty
      : `read_json([${segments.join(', ')}], columns = {${types}}, format = 'newline_delimited', ignore_errors = true, filename = true, hive_partitioning = false)`
  const compacted =
    compacts.length === 0
      ? empty
      : `read_parquet([${compacts.join(', ')}], filename = true, hive_partitioning = false)`
  const partition = (name: string): string =>
    `regexp_extract(filename, '/workspace=([^/]*)/day=([^/]*)/[^/]*$', ${name === 'workspace' ? 1 : 2}) as ${name}`
  const columns = `${COLUMNS.join(', ')}, ${partition('workspace')}, ${partition('day')}`
  return [
    `create view catalog_segment as select ${columns} from ${rows}`,
    `create view catalog_compact as select ${columns} from ${compacted}`,
  ]
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** DuckDB takes every path for a pattern. */
function escapeGlob(path: string): string {
  return path.replace(/[*?[]/g, '[$&]')
}
