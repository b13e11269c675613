import type { Command } from '@commander-js/extra-typings'
import { addWhoAndWhy, AS_ARCHIVED } from '../access-options.ts'
import type { Finish } from '../exit-codes.ts'
import { showRecordings } from '../show-recording.ts'

const HELP = `
Reads the sidecar and looks at the audio object, but does not read it: get does, and compares the digest.
Who looked, and why, is in the access log before anything is shown.

Examples:
  $ bird-archive show 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd
  $ bird-archive show ID --json | jq .sidecar.bird

Exit codes: 0 shown, and object and lock are as the sidecar says · 1 it is not, or there is none · 2 wrong arguments or environment`

export function addShowCommand(program: Command, finish: Finish): void {
  const command = program
    .command('show')
    .description('show what is known of recordings: the call, the digest, the lock, where they lie')
    .argument('<id...>', 'recording ids')
    .option(
      '--json',
      'the sidecar, verbatim, and the state of the object, as one line of JSON for each recording',
    )
    .option('--as-archived', AS_ARCHIVED)
  addWhoAndWhy(command)
    .addHelpText('after', HELP)
    .action(async (ids, { asArchived = false, json = false, ...options }) => {
      finish(await showRecordings(ids, { ...options, asArchived, json }))
    })
}
