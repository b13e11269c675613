import type { Command } from '@commander-js/extra-typings'
import { backfillIds } from '../backfill-ids.ts'
import { showStatus } from '../backfill-status.ts'
import { sweepRange } from '../backfill-sweep.ts'
import { readBackfillSettings } from '../backfill-settings.ts'
import { collect } from '../collect.ts'
import type { Finish } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'

const HELP = `
Lists every recording of the time with Bird, looks for each in the bucket, and leaves what is missing to the deployed function,
through the queue. Days that are complete are attested: a document in the bucket says so (docs/backfill.md).

The time: whole UTC days. --to is the first day that is left out; without it, today is the last one. A date-time needs its zone.
How far it has come is kept in the bucket: stopped or killed, the same command goes on there. Two at once share the work.
Bird is asked gently: twice a second (with all that is deployed that makes its limit of 50), less after a 429, and not while 10,000 messages wait in the queue.

The environment: BIRD_WORKSPACE_ID (or BACKFILL_WORKSPACE_IDS), BIRD_ACCESS_KEY, ARCHIVE_BUCKET, QUEUE_URL,
DEAD_LETTER_QUEUE_URL, AWS_REGION and AWS credentials: docs/configuration.md.
Ctrl-C once: the window that is swept comes to its end. Twice: it is given up, and taken up again by the next run.

Examples:
  $ bird-archive backfill --from 2024-01-01 --to 2024-07-01 --dry-run   what would be sent, and what it would take
  $ bird-archive backfill --from 2024-01-01 --to 2024-07-01             send it
  $ bird-archive backfill --from 2024-01-01 --to 2024-07-01 --status    how far it is; nothing is sent, Bird is not asked
  $ bird-archive backfill --ids ids.csv                                 only these, after a look at the bucket and at Bird
  $ bird-archive report --from 2024-01-01 --to 2024-07-01               every recording in one line, and what is attested

Exit codes: 0 all recordings are archived, sent, on their way or have nothing to archive · 1 something is left, and named
· 2 wrong arguments or environment · 130 Ctrl-C`

export function addBackfillCommand(program: Command, finish: Finish): void {
  program
    .command('backfill')
    .description('find the recordings of a time window, and send what is missing to the queue')
    .option('--from <day>', 'the first day, or moment, such as 2024-01-01')
    .option('--to <day>', 'the first day that is left out (default: tomorrow)')
    .option('--dry-run', 'say what would be sent and what it would take; send and write nothing')
    .option('--status', 'say how far this backfill is; send nothing, and leave Bird alone')
    .option('--ids <file>', 'recordings by their ids, in place of a time; - is stdin')
    .option('--workspace <id>', 'in place of the configured ones; may be given several times', collect)
    .option('--rate <number>', 'requests to Bird per second (default: 2)')
    .option('--json', 'a line of JSON for each window, or recording, and one for the whole')
    .addHelpText('after', HELP)
    .action(async ({ ids, dryRun = false, status = false, json = false, ...options }) => {
      if ([ids !== undefined, dryRun, status].filter(Boolean).length > 1)
        throw new UsageError('These do not go together:', ['--ids, --dry-run and --status: choose one'])
      if (ids !== undefined && (options.from ?? options.to) !== undefined)
        throw new UsageError('These do not go together:', ['--ids names recordings, --from and --to a time'])
      if (ids !== undefined && (options.workspace ?? []).length > 1)
        throw new UsageError('These do not go together:', [
          '--ids and several --workspace: name each recording with its workspace, as {"recordingId", "workspaceId"}',
        ])
      const settings = readBackfillSettings({ ...options, needsRange: ids === undefined })
      if (ids !== undefined) finish(await backfillIds(ids, settings, json))
      else if (status) finish(await showStatus(settings, json))
      else finish(await sweepRange(settings, { dryRun, json }))
    })
}
