import { type Command, Option } from '@commander-js/extra-typings'
import { addWhoAndWhy } from '../access-options.ts'
import type { Finish } from '../exit-codes.ts'
import { addCriteria } from '../find-options.ts'
import { wholeNumber } from '../whole-number.ts'

const HELP = `
Looks into the catalog, which has a row for each archived recording: docs/catalog.md. What is fetched of it is kept on this
machine (--cache, else ~/.cache/bird-archive) and holds telephone numbers: only you can read it there.
Days that are named (--from, --to) are all that is fetched; of recordings that are named by their ids (--id), theirs.
Who looked for what, and why, is in the access log before anything is shown; numbers are masked in it.

Examples:
  $ bird-archive find --number "+49 30 123456" --from 2024-03-01 --to 2024-04-01
  $ bird-archive find --number "(030) 123 456" --country DE --findings any
  $ bird-archive find --call 50fa2203-66c2-4820-864a-1a8002952f4e --reason "case 4711"
  $ bird-archive find --from 2024-03-01 --min-duration 30m --json | jq -r .recording_id

Exit codes: 0 found, and that is all · 1 nothing found, or not all: it says why · 2 wrong arguments or environment`

export function addFindCommand(program: Command, finish: Finish): void {
  const command = addCriteria(
    program.command('find').description('find recordings: by number, call, channel, time, length, findings'),
  )
    .option('--limit <number>', 'recordings at most (default: all)', wholeNumber(1, 1_000_000_000))
    .option('--cache <directory>', 'where what is fetched of the catalog is kept')
    .addOption(new Option('--json', 'each row as one line of JSON').conflicts('csv'))
    .option('--csv', 'a table for spreadsheets')
  addWhoAndWhy(command)
    .addHelpText('after', HELP)
    .action(async ({ json = false, csv = false, ...options }) => {
      // It brings a database engine along, which no other command needs.
      const { findRecordings } = await import('../find-recordings.ts')
      finish(await findRecordings({ ...options, format: json ? 'json' : csv ? 'csv' : 'table' }))
    })
}
