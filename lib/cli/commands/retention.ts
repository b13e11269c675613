import type { Command } from '@commander-js/extra-typings'
import type { Finish } from '../exit-codes.ts'
import { extendRetention } from '../retention-extend.ts'
import { addSelection } from '../select-recordings.ts'

const EXTEND_HELP = `
Both objects of each recording, audio and sidecar, are locked until then, at least: a lock that ends later stays as it is,
and a lock keeps its mode. What has no lock gets one of the mode in RETENTION_MODE. What is locked in COMPLIANCE mode can be
deleted by nobody before its end: begin with --dry-run.

Extended are the recordings that are named, and all that the criteria find. Each has its line in the access log before, and
its lock is read back. Run it again to go on where it was stopped.

It needs the environment of the other commands, and AWS credentials with s3:GetObjectRetention, s3:PutObjectRetention, and
s3:GetObject on recordings/ and s3:PutObject on access/.

Examples:
  $ bird-archive retention extend --until 2034-03-01 --reason "audit 17" --from 2024-01-01 --to 2024-04-01 --dry-run
  $ bird-archive retention extend 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd --until 2034-03-01 --reason "audit 17"

Exit codes: 0 all are kept until then · 1 some are not, or the search was not complete: it is said which, and why · 2 wrong
arguments or environment · 130 Ctrl-C`

export function addRetentionCommand(program: Command, finish: Finish): void {
  const retention = program
    .command('retention')
    .description('how long recordings are kept: it can be extended, never shortened')
  addSelection(
    retention
      .command('extend')
      .description('keep recordings until a date, at least')
      .argument('[ids...]', 'recording ids')
      .requiredOption('--until <day>', 'the first day (UTC), or moment, at which they may go')
      .option('--dry-run', 'tell which recordings it would be, and change nothing')
      .option('--json', 'a line of JSON for each recording and one for the whole'),
  )
    .addHelpText('after', EXTEND_HELP)
    .action(async (ids, { dryRun = false, json = false, ...options }) => {
      finish(await extendRetention(ids, { ...options, dryRun, json }))
    })
}
