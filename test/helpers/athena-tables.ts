import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { DuckDBInstance } from '@duckdb/node-api'

/** A result as Athena tells it: everything is text. */
export interface TableResult {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
  /** Rows that an INSERT wrote. */
  readonly written?: number
}

/** The two tables of infra/search.yml, as they are in the bucket at each statement. */
export interface AthenaTables {
  run(text: string, parameters: readonly string[]): Promise<TableResult>
}

export interface AthenaTableOptions {
  readonly client: S3Client
  readonly bucket: string
  /** Empty, or ends in `/`. */
  readonly prefix?: string
  /** The partition projection of `day`, both inclusive. */
  readonly days?: { readonly first: string; readonly last: string }
  /** Into how many files of a day an INSERT writes. */
  readonly filesOfInsert?: number
  /** Whether files are opened, too, that a condition on "$path" leaves out. */
  readonly opensAll?: boolean
}

const TEXTS = [
  'recording_id',
  'workspace_id',
  'created_at',
  'started_at',
  'ended_at',
  'source',
  'source_id',
] as const
const COLUMNS: readonly (readonly [string, string])[] = [
  ...TEXTS.map((name) => [name, 'VARCHAR'] as const),
  ...['conference_id', 'channel_id', 'direction', 'from_number', 'to_number'].map(
    (name) => [name, 'VARCHAR'] as const,
  ),
  ['duration_ms', 'DOUBLE'],
  ['channels', 'DOUBLE'],
  ['findings', 'VARCHAR[]'],
  ['audio_key', 'VARCHAR'],
  ['audio_bytes', 'DOUBLE'],
  ...['audio_sha256', 'audio_version_id', 'retain_until', 'archived_at'].map(
    (name) => [name, 'VARCHAR'] as const,
  ),
]

/**
 * Runs statements in DuckDB over what lies in the bucket, with Trino's names for what DuckDB calls otherwise. Parameters are
 * put in as SQL, as `EXECUTE … USING` does: whoever does not quote them well is found out.
 */
export function createAthenaTables(options: AthenaTableOptions): AthenaTables {
  return {
    async run(text, parameters) {
      const home = await mkdtemp(join(tmpdir(), 'athena-'))
      const objects = await download(options, home, splitsOf(text, parameters, options.opensAll === true))
      const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
      const connection = await instance.connect()
      try {
        for (const sql of await viewsOf(home, locationOf(options))) await connection.run(sql)
        if (options.opensAll === true) await connection.run('select * from catalog_compact')
        const [, insert] = /^(?:--.*\n)*insert into catalog_compact\s+([^]*)$/.exec(text) ?? []
        await connection.run(`prepare statement as ${insert ?? text}`)
        const bound = `execute statement(${parameters.join(', ')})`
        const read = await connection.runAndReadAll(bound)
        const [columns, rows] = [read.columnNames(), read.getRowsJS()]
        if (insert === undefined)
          return { columns, rows: rows.map((row) => row.map((value) => toText(value as Scalar | null))) }
        await insertRows(options, home, columns, read.getRowObjectsJson())
        return { columns: [], rows: [], written: rows.length }
      } catch (error) {
        throw asAthenaSays(error, objects)
      } finally {
        connection.closeSync()
        instance.closeSync()
        await rm(home, { recursive: true, force: true })
      }
    },
  }
}

type Scalar = string | number | bigint | boolean

/** As Java writes a double, and Trino with it. */
function toText(value: Scalar | null): string | null {
  if (value === null) return null
  if (typeof value !== 'number') return String(value)
  if (value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e7))
    return Number.isInteger(value) ? `${value}.0` : String(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
}

const DAY = /\/workspace=[^/]+\/day=([^/]+)\/(?![_.])[^/]+$/

function locationOf({ bucket, prefix = '' }: AthenaTableOptions): string {
  return `s3://${bucket}/${prefix}`
}

/** Whether Athena opens a file for a statement. */
type IsOpened = (day: string, location: string) => boolean

/** The days that a statement names are the partitions that Athena reads; files that it leaves out are not opened. */
function splitsOf(text: string, parameters: readonly string[], opensAll: boolean): IsOpened {
  const isLeftOut = (location: string): boolean =>
    !opensAll && text.includes('"$path" not in') && parameters.includes(`'${location}'`)
  const isNamed = partitionsOf(text, parameters)
  return (day, location) => isNamed(day) && !isLeftOut(location)
}

/** All where it names none. */
function partitionsOf(text: string, parameters: readonly string[]): (day: string) => boolean {
  const named = parameters.flatMap((each) => /^'(\d{4}-\d\d-\d\d)'$/.exec(each)?.[1] ?? []).toSorted()
  const [first, last] = [named.at(0), named.at(-1)]
  if (first === undefined || last === undefined) return () => true
  return / day between /.test(text) ? (day) => day >= first && day <= last : (day) => named.includes(day)
}

/** Where each object of the catalog lies in the bucket, by its path on this machine. */
type Objects = ReadonlyMap<string, string>

/** What Athena says of a file that is no Parquet, in place of what DuckDB says. */
function asAthenaSays(error: unknown, objects: Objects): Error {
  const message = String(error)
  const [, location] = [...objects].find(([path]) => message.includes(path)) ?? []
  const got = 'expected magic number: [80, 65, 82, 49] got: [102, 105, 108, 101]'
  return new Error(
    location === undefined
      ? message
      : `HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split ${location} (offset=0, length=17): Not valid Parquet file: ${location} ${got}`,
  )
}

async function download(options: AthenaTableOptions, home: string, isOpened: IsOpened): Promise<Objects> {
  const { client, bucket, prefix = '', days } = options
  const objects = new Map<string, string>()
  for (const table of ['catalog', 'catalog-compact'])
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client },
      { Bucket: bucket, Prefix: `${prefix}${table}/` },
    ))
      for (const { Key = '' } of Contents) {
        const day = DAY.exec(Key)?.[1]
        // Athena passes over names with an underscore or a dot in front, and sees the days of the projection alone.
        const location = `s3://${bucket}/${Key}`
        if (day === undefined || (days && (day < days.first || day > days.last))) continue
        if (!isOpened(day, location)) continue
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
        const path = join(home, Key.slice(prefix.length))
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, (await Body?.transformToByteArray()) ?? '')
        objects.set(path, location)
      }
  return objects
}

async function viewsOf(home: string, location: string): Promise<string[]> {
  const filesOf = async (table: string): Promise<string[]> => {
    const found = await readdir(join(home, table), { recursive: true, withFileTypes: true }).catch(() => [])
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => `'${join(entry.parentPath, entry.name).replaceAll("'", "''")}'`)
  }
  const [segments, compacts] = [await filesOf('catalog'), await filesOf('catalog-compact')]
  const types = COLUMNS.map(([name, type]) => `${name}: '${type}'`).join(', ')
  const empty = `(select ${COLUMNS.map(([name, type]) => `cast(null as ${type}) as ${name}`).join(', ')}, '' as filename limit 0)`
  const view = (name: string, table: string, source: string): string =>
    `create view ${name} as select ${COLUMNS.map(([column]) => column).join(', ')},
      regexp_extract(filename, '/workspace=([^/]*)/', 1) as workspace, regexp_extract(filename, '/day=([^/]*)/', 1) as day,
      '${location}' || regexp_extract(filename, '/(${table}/.*)$', 1) as "$path" from ${source}`
  return [
    'create macro cardinality(list) as len(list)',
    'create macro json_format(json) as cast(json as varchar)',
    view(
      'catalog_segment',
      'catalog',
      segments.length === 0
        ? empty
        : // The OpenX SerDe makes a row of nulls of a line that it cannot read.
          `read_json([${segments.join(', ')}], columns = {${types}}, format = 'newline_delimited', ignore_errors = true, filename = true, hive_partitioning = false)`,
    ),
    view(
      'catalog_compact',
      'catalog-compact',
      compacts.length === 0
        ? empty
        : `read_parquet([${compacts.join(', ')}], filename = true, hive_partitioning = false)`,
    ),
  ]
}

/** Writes rows as Athena does: Parquet, under names of its own, some files for each partition. */
async function insertRows(
  { client, bucket, prefix = '', filesOfInsert = 1 }: AthenaTableOptions,
  home: string,
  columns: readonly string[],
  rows: readonly Record<string, unknown>[],
): Promise<void> {
  const partitions = Map.groupBy(
    rows,
    (row) => `workspace=${String(row['workspace'])}/day=${String(row['day'])}`,
  )
  const names = columns.filter((name) => name !== 'workspace' && name !== 'day')
  const types = new Map(COLUMNS)
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    for (const [partition, all] of partitions)
      for (let file = 0; file < Math.min(filesOfInsert, all.length); file++) {
        const lines = all
          .filter((_, index) => index % filesOfInsert === file)
          .map((row) => JSON.stringify(Object.fromEntries(names.map((name) => [name, row[name]]))))
        const id = `20240301_010203_00004_${randomUUID()}`
        const [from, to] = [join(home, `${id}.ndjson`), join(home, `${id}.parquet`)]
        await writeFile(from, `${lines.join('\n')}\n`)
        const schema = names.map((name) => `${name}: '${types.get(name) ?? 'VARCHAR'}'`).join(', ')
        await connection.run(
          `copy (select * from read_json('${from}', columns = {${schema}}, format = 'newline_delimited')) to '${to}' (format parquet)`,
        )
        const Key = `${prefix}catalog-compact/${partition}/${relative(home, to).replace('.parquet', '')}`
        await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: await readFile(to) }))
      }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
