import type { Command } from '@commander-js/extra-typings'
import { concernsAll } from '../../archive/outcome.ts'
import { composeArchiver } from '../../compose.ts'
import { readConfig } from '../../config.ts'
import { endlessDeadline, systemClock } from '../../deadline.ts'
import { createJsonLog } from '../../log.ts'
import { archiveList, type Result } from '../archive-list.ts'
import { describeResults, isAccountedFor, toJsonResult, toJsonSummary } from '../archive-report.ts'
import { EXIT, type Finish } from '../exit-codes.ts'
import { formatBytes, printHint, printJson, printLine } from '../print.ts'
import { createProgress, NO_PROGRESS } from '../progress.ts'
import { readRecordings } from '../read-recordings.ts'
import { createTerminalLog } from '../terminal-log.ts'
import { watchSignals } from '../watch-signals.ts'
import { wholeNumber } from '../whole-number.ts'

const HELP = `
Does what the deployed function does, without a queue: each recording goes into the bucket, verified, and its sidecar last.
What is archived already is left alone, so the same list may be run again and again.

The list: one id a line, CSV (a column named recordingId or id, else the first column) or JSON lines with recordingId.
Empty lines and lines that start with # don't count. If one line can't be read, nothing is done.

The environment: BIRD_WORKSPACE_ID, BIRD_ACCESS_KEY, ARCHIVE_BUCKET, AWS_REGION and AWS credentials; as the deployment has
them also ARCHIVE_PREFIX, RETENTION_MODE and RETENTION_DAYS: without the last two nothing is locked.
Ctrl-C once: nothing new is begun, what is running comes to its end. Twice: everything is given up at once.

Examples:
  $ bird-archive archive 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd
  $ bird-archive archive --ids ids.csv --concurrency 4
  $ bird-archive archive --ids ids.txt --json | jq -r 'select(.outcome == "failed") | .recordingId'

Exit codes: 0 all accounted for (archived, archived already, nothing to archive) · 1 some are not, each
is named with the reason · 2 wrong arguments or environment · 130 Ctrl-C`

export function addArchiveCommand(program: Command, finish: Finish): void {
  program
    .command('archive')
    .description('archive recordings now, from this machine into the bucket')
    .argument('[ids...]', 'recording ids (UUIDs)')
    .option('--ids <file>', 'a list of ids; - is stdin')
    .option('--workspace <id>', 'in place of BIRD_WORKSPACE_ID')
    .option(
      '--concurrency <number>',
      'recordings at a time, in place of CONCURRENCY (16)',
      wholeNumber(1, 256),
    )
    .option('--json', 'a line of JSON for each recording and one for the whole')
    .addHelpText('after', HELP)
    .action(async (ids, options) => {
      finish(await archive(ids, options))
    })
}

interface ArchiveOptions {
  readonly ids?: string
  readonly workspace?: string
  readonly concurrency?: number
  readonly json?: true
}

async function archive(ids: readonly string[], options: ArchiveOptions): Promise<number> {
  const { json = false, workspace, concurrency } = options
  const { recordings, duplicates } = await readRecordings(ids, options.ids)
  const environment = {
    ...process.env,
    ...(workspace !== undefined && { BIRD_WORKSPACE_ID: workspace }),
    ...(concurrency !== undefined && { CONCURRENCY: String(concurrency) }),
  }
  const config = readConfig(environment, { queues: false })
  const progress = json ? NO_PROGRESS : createProgress('archiving', recordings.length)
  const log = json ? createJsonLog(printHint, 'warn', systemClock.now) : createTerminalLog(progress.say)
  const archiver = composeArchiver(config, { log })
  using deadline = endlessDeadline()
  using signals = watchSignals({
    onFirst: () =>
      progress.say('Nothing new is begun; what is running comes to its end. Ctrl-C again gives it up.'),
    onSecond: () => deadline.stop('batch-stopped'),
  })
  const startedMs = Date.now()
  let [done, bytes] = [0, 0]
  const onProgress = (outcome: Result['outcome']): void => {
    if (outcome.kind === 'left') return
    done += 1
    if (outcome.kind === 'archived') bytes += outcome.bytes
    progress.update(done, formatBytes(bytes))
  }
  try {
    const results = await archiveList(recordings, {
      archiver,
      workspaceId: config.workspaceId,
      concurrency: config.concurrency,
      deadline,
      noMore: signals.stopped,
      onProgress,
      onResult(result) {
        if (json) printJson(toJsonResult(result))
      },
    })
    progress.stop()
    const durationMs = Date.now() - startedMs
    if (json) printJson(toJsonSummary(results, duplicates, durationMs))
    else for (const line of describeResults(results, duplicates, durationMs)) printLine(line)
    return exitCodeOf(results, config.workspaceId, signals.exitCode())
  } finally {
    progress.stop()
    await archiver.close()
  }
}

function exitCodeOf(
  results: readonly Result[],
  configuredWorkspaceId: string,
  signalled: number | undefined,
): number {
  if (signalled !== undefined) return signalled
  if (results.every(isAccountedFor)) return EXIT.done
  const misconfigured = results.some(
    ({ outcome, workspaceId }) =>
      outcome.kind !== 'left' && concernsAll(outcome, workspaceId, configuredWorkspaceId),
  )
  return misconfigured ? EXIT.misconfigured : EXIT.incomplete
}
