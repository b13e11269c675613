import type { Command } from '@commander-js/extra-typings'
import type { Finish } from '../exit-codes.ts'
import { listHolds } from '../hold-list.ts'
import { placeHolds, releaseHolds } from '../hold-recordings.ts'
import { addSelection } from '../select-recordings.ts'

const HELP = `
A legal hold keeps both objects of a recording, audio and sidecar, from being deleted by anybody, for as long as it stands,
whatever the retention says. It is placed for a case; a recording that is held for two cases stays held until both are
released. The cases lie in the bucket under holds/, with who and why; released ones stay there as history.`

const RIGHTS = `the environment of the other commands, and AWS credentials with s3:GetObjectLegalHold, s3:PutObjectLegalHold, and
s3:GetObject and s3:PutObject on recordings/, holds/ and access/`

const PLACE_HELP = `
Held are the recordings that are named, and all that the criteria find. Each has its line in the access log before its hold is
placed, and the bucket is asked afterwards whether it shows it. Run it again to go on where it was stopped: what is held
already stays as it is.

It needs ${RIGHTS}.

Examples:
  $ bird-archive hold place --case 4711 --reason "court order" --number "+49 30 123456" --from 2024-01-01 --dry-run
  $ bird-archive hold place --case 4711 --reason "court order" --ids case-4711.csv

Exit codes: 0 all are held · 1 some are not, or the search was not complete: it is said which, and why · 2 wrong arguments or
environment · 130 Ctrl-C`

const RELEASE_HELP = `
Released from the case are the recordings that are named, and all that the criteria find; those that are not held for it are
left alone. The hold itself goes with the last case; for as long as another is open it is seen to that it stands. What was held
before this program did it stays held. Run it again to go on where it was stopped.

It needs ${RIGHTS}.

Examples:
  $ bird-archive hold list --case 4711 --json | jq -r .recordingId > released.txt
  $ bird-archive hold release --case 4711 --reason "settled 2027-03-01" --ids released.txt --dry-run

Exit codes: 0 none is held for the case any more · 1 some are, or what was to be held is gone: it is said which, and why · 2 wrong
arguments or environment · 130 Ctrl-C`

const LIST_HELP = `
Examples:
  $ bird-archive hold list --case 4711
  $ bird-archive hold list --check           ask the bucket, too: does every version show its hold?
  $ bird-archive hold list --all --json      with all that was ever released

Exit codes: 0 listed, and with --check all is as it should be · 1 it is not, or could not be read · 2 wrong arguments or environment`

const CASE = 'the number of the case; it is kept with the hold and in the access log'

export function addHoldCommand(program: Command, finish: Finish): void {
  const hold = program
    .command('hold')
    .description('legal holds: keep recordings from being deleted for as long as a case lasts')
    .addHelpText('after', HELP)
  addSelection(
    hold
      .command('place')
      .description('hold recordings for a case')
      .argument('[ids...]', 'recording ids')
      .requiredOption('--case <number>', CASE)
      .option('--dry-run', 'tell which recordings it would be, and change nothing')
      .option('--json', 'a line of JSON for each recording and one for the whole'),
  )
    .addHelpText('after', PLACE_HELP)
    .action(async (ids, { dryRun = false, json = false, ...options }) => {
      finish(await placeHolds(ids, { ...options, dryRun, json }))
    })
  addSelection(
    hold
      .command('release')
      .description('release recordings from a case; the hold goes with the last case')
      .argument('[ids...]', 'recording ids')
      .requiredOption('--case <number>', CASE)
      .option('--dry-run', 'tell which recordings it would be, and change nothing')
      .option('--json', 'a line of JSON for each recording and one for the whole'),
  )
    .addHelpText('after', RELEASE_HELP)
    .action(async (ids, { dryRun = false, json = false, ...options }) => {
      finish(await releaseHolds(ids, { ...options, dryRun, json }))
    })
  hold
    .command('list')
    .description('list what is held, for which cases, since when and why')
    .option('--case <number>', 'of this case alone')
    .option('--workspace <id>', 'in place of the configured ones')
    .option('--all', 'also what was released')
    .option('--check', "compare with the bucket's own state")
    .option('--json', 'one line of JSON for each recording')
    .addHelpText('after', LIST_HELP)
    .action(async ({ all = false, check = false, json = false, ...options }) => {
      finish(await listHolds({ ...options, all, check, json }))
    })
}
