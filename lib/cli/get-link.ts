import { readArchiveConfig } from '../archive-config.ts'
import { composeRetriever } from '../compose-retrieve.ts'
import { linkRecording } from '../retrieve/retrieve.ts'
import { readRecordingIds, readRequester, readWorkspaces, type WhoAndWhy } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { explainRefusal } from './get-refusal.ts'
import { printHint, printLine, printProblem } from './print.ts'

export interface LinkOptions extends WhoAndWhy {
  readonly minutes: number
  readonly workspace?: string | undefined
}

/** Prints a link, alone on standard output. Resolves to the exit code. */
export async function printLink(given: string, options: LinkOptions): Promise<number> {
  const [recordingId = ''] = readRecordingIds([given])
  const config = readArchiveConfig(process.env)
  const requester = readRequester(options, config)
  const workspaceIds = readWorkspaces(options.workspace, config)
  const retriever = composeRetriever(config)
  try {
    const order = { requester, workspaceIds, recordingId, seconds: options.minutes * 60 }
    const end = await linkRecording(order, retriever.systems, new AbortController().signal)
    if (end.kind === 'linked') {
      printLine(end.url)
      printHint(
        `Until ${end.expiresAt.toISOString()} whoever has this link can download the audio: pass it on like a password.`,
      )
      return EXIT.done
    }
    const [reason = '', ...more] = explainRefusal(end, workspaceIds)
    printProblem(`${recordingId}: ${reason}`)
    for (const line of more) printHint(`  ${line}`)
    return EXIT.incomplete
  } finally {
    await retriever.close()
  }
}
