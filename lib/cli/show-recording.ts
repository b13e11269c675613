import { readArchiveConfig } from '../archive-config.ts'
import { composeRetriever } from '../compose-retrieve.ts'
import { judgeAudio } from '../retrieve/judge-audio.ts'
import { type Located, showRecording } from '../retrieve/retrieve.ts'
import { readRecordingIds, readRequester, readWorkspaces, type WhoAndWhy } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { explainRefusal } from './get-refusal.ts'
import { alignRows, printHint, printJson, printJsonText, printLine, printProblem, style } from './print.ts'
import { describeRecording, isLockWeaker, waysToCheck } from './show-rows.ts'

export interface ShowOptions extends WhoAndWhy {
  readonly asArchived: boolean
  readonly json: boolean
  readonly workspace?: string | undefined
}

/** Shows recordings. Resolves to the exit code. */
export async function showRecordings(given: readonly string[], options: ShowOptions): Promise<number> {
  const ids = readRecordingIds(given)
  const config = readArchiveConfig(process.env)
  const requester = readRequester(options, config)
  const workspaceIds = readWorkspaces(options.workspace, config)
  const retriever = composeRetriever(config)
  const never = new AbortController().signal
  let exitCode: number = EXIT.done
  try {
    for (const recordingId of ids) {
      const end = await showRecording(
        { requester, workspaceIds, recordingId, asArchived: options.asArchived },
        retriever.systems,
        never,
      )
      if (end.kind === 'shown') {
        if (options.json) printOneJson(end.located)
        else printOne(end.located, config.bucket)
        const { tampering } = end.located
        if (tampering !== undefined)
          printHint(`${recordingId}: this is what was archived, although ${tampering}`)
        if (!isSound(end.located)) exitCode = EXIT.incomplete
        continue
      }
      exitCode = EXIT.incomplete
      const [reason = '', ...more] = explainRefusal(end, workspaceIds)
      if (options.json) printJson({ recordingId, ...end })
      printProblem(`${recordingId}: ${reason}`)
      for (const line of more) printHint(`  ${line}`)
    }
  } finally {
    await retriever.close()
  }
  return exitCode
}

/** An object that waits in Glacier is sound. */
function isSound(located: Located): boolean {
  const fault = judgeAudio(located.sidecar, located.state)
  return (fault === undefined || fault.kind === 'to-restore') && !isLockWeaker(located)
}

function printOne(located: Located, bucket: string): void {
  const { sidecar, state, workspaceId } = located
  const fault = judgeAudio(sidecar, state)
  printLine(style('bold', sidecar.recordingId))
  for (const row of alignRows(
    describeRecording(located, bucket).map(([name, text]) => [name, '', text] as const),
  ))
    printLine(row)
  printLine()
  printLine('Check it without this program:')
  for (const line of waysToCheck(sidecar, bucket)) printLine(`  ${line}`)
  printLine()
  if (fault !== undefined) {
    const [reason = '', ...more] = explainRefusal(fault, [workspaceId])
    printProblem(reason)
    for (const line of more) printHint(`  ${line}`)
  }
  if (isLockWeaker(located)) {
    const { mode = '', until = '' } = sidecar.retention.lock ?? {}
    printProblem(`its lock is weaker than it was when it was archived: until ${until} (${mode})`)
    printHint(
      '  find out who changed it (CloudTrail, PutObjectRetention); bird-archive retention extend makes it longer',
    )
  }
}

function printOneJson(located: Located): void {
  const { workspaceId, sidecar, text, state } = located
  const finding = judgeAudio(sidecar, state) ?? (isLockWeaker(located) ? { kind: 'lock-weaker' } : undefined)
  // The sidecar goes out as it lies there: numbers too fine for JavaScript stay what they are.
  const rest = JSON.stringify({ workspaceId, state: state ?? null, finding: finding ?? null })
  printJsonText(`{"sidecar":${toOneLine(text)},${rest.slice(1)}`)
}

/** JSON has line breaks and tabs between its tokens only: within a text they are escaped. */
function toOneLine(json: string): string {
  return json.trim().replace(/[ \t\r\n]*[\t\r\n][ \t\r\n]*/g, ' ')
}
