import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { writeParquet } from '../../lib/catalog/duckdb.ts'
import { rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'

/** What Athena calls the types of Parquet that DuckDB calls so. */
const ATHENA: Readonly<Record<string, string>> = {
  DOUBLE: 'double',
  VARCHAR: 'string',
  'VARCHAR[]': 'array<string>',
}

/** The columns of the Parquet that the program makes of a segment, each as `name type`, the type as Athena calls it. */
export async function typesOfCompacts(): Promise<string[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'types-'))
  try {
    const day = path.join(directory, `workspace=${WORKSPACE}`, 'day=2024-03-01')
    await mkdir(day, { recursive: true })
    const file = path.join(day, 'segment.ndjson')
    await writeFile(file, segmentOf([rowOf('one')]))
    const parquet = path.join(directory, 'compact.parquet')
    const segment = { key: file, name: 'segment.ndjson', path: file, unreadableLines: 0 } as const
    await writeParquet([{ ...segment, format: 'ndjson' }], parquet, new AbortController().signal)
    return await describeParquet(parquet)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

interface Column {
  readonly column_name: string
  readonly column_type: string
}

async function describeParquet(file: string): Promise<string[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const reader = await connection.runAndReadAll('describe select * from read_parquet($file)', { file })
    return (reader.getRowObjectsJS() as unknown as Column[]).map(
      ({ column_name: name, column_type: type }) => `${name} ${ATHENA[type] ?? type}`,
    )
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
