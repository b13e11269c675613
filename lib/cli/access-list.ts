import { readArchiveConfig } from '../archive-config.ts'
import { readRange } from '../backfill/window.ts'
import { composeRetriever } from '../compose-retrieve.ts'
import type { AccessCriteria } from '../s3/access-log.ts'
import { createAccessTable, printAccessCsv, printAccessJson } from './access-table.ts'
import { readRecordingIds } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { count, printHint, printProblem } from './print.ts'
import { UsageError } from './usage-error.ts'

export interface AccessListOptions {
  readonly id?: string | undefined
  readonly actor?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly json: boolean
  readonly csv: boolean
}

/** Before the first line of any log. */
const EARLIEST = '1970-01-01'

/** Prints lines of the access log as they come. Resolves to the exit code. */
export async function listAccess(options: AccessListOptions): Promise<number> {
  const { json, csv } = options
  if (json && csv) throw new UsageError('In which form?', ['--json and --csv exclude each other'])
  const criteria = readCriteria(options)
  const retriever = composeRetriever(readArchiveConfig(process.env))
  const table = json ? printAccessJson() : csv ? printAccessCsv() : createAccessTable()
  let [read, unreadable] = [0, 0]
  try {
    for await (const found of retriever.accessLog.read(criteria, new AbortController().signal)) {
      if (found.kind === 'read') {
        read += 1
        table.add(found.record)
      } else {
        unreadable += 1
        printProblem(`${found.key}: ${found.reason}`)
      }
    }
    table.end()
  } finally {
    await retriever.close()
  }
  printHint(
    `${count(read, 'line')} of the access log${unreadable === 0 ? '' : `; ${count(unreadable, 'line')} could not be read, so this is not all`}`,
  )
  return unreadable === 0 ? EXIT.done : EXIT.incomplete
}

function readCriteria({ id, actor, from, to }: AccessListOptions): AccessCriteria {
  const [recordingId] = id === undefined ? [] : readRecordingIds([id])
  const range =
    from === undefined && to === undefined ? undefined : readRange(from ?? EARLIEST, to, new Date())
  if (range?.ok === false) throw new UsageError('When?', [range.reason])
  return {
    ...(recordingId !== undefined && { recordingId }),
    ...(actor !== undefined && { actor: actor.trim() }),
    ...(range !== undefined && { from: range.range.from, to: range.range.to }),
  }
}
