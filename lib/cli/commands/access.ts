import type { Command } from '@commander-js/extra-typings'
import { listAccess } from '../access-list.ts'
import type { Finish } from '../exit-codes.ts'

const HELP = `
Without options all of the log is read, in order of time. Lines are objects under access/ in the bucket: written once, and locked
like the recordings where there is a retention policy. Phone numbers that were searched for show their last two digits only.

Examples:
  $ bird-archive access --id 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd     who had this recording
  $ bird-archive access --actor anna --from 2026-03-01 --to 2026-04-01
  $ bird-archive access --from 2026-01-01 --csv > access.csv

Exit codes: 0 all of it was read · 1 something could not be read, and is named · 2 wrong arguments or environment`

export function addAccessCommand(program: Command, finish: Finish): void {
  program
    .command('access')
    .description('who searched, saw and got which recordings, and why')
    .option('--id <id>', 'of this recording alone')
    .option('--actor <name>', 'of this person alone, written as in the log')
    .option('--from <day>', 'the first day (UTC), or moment, such as 2026-03-01')
    .option('--to <day>', 'the first day (UTC), or moment, that is left out')
    .option('--json', 'one line of JSON for each line of the log')
    .option('--csv', 'comma-separated values')
    .addHelpText('after', HELP)
    .action(async ({ json = false, csv = false, ...options }) => {
      finish(await listAccess({ ...options, json, csv }))
    })
}
