import type { Command } from '@commander-js/extra-typings'
import { readBackfillSettings } from '../backfill-settings.ts'
import { showReport } from '../backfill-status.ts'
import { collect } from '../collect.ts'
import type { Finish } from '../exit-codes.ts'

const HELP = `
Made from what the sweeps have written to the bucket: every recording of the time in exactly one line, which windows are
attested, and how sure it is that none is missing. Nothing is sent; Bird is only asked for its own count, where the time covers
all that was ever swept.

Check an attestation without this program: jq -r '.archived[]' ATTESTATION.json | sha256sum gives its digest, and each line of
it is a recording's id and the SHA-256 of its audio.

Examples:
  $ bird-archive report --from 2024-03-01 --to 2024-04-01
  $ bird-archive report --from 2024-03-01 --to 2024-04-01 --json | jq '.attestations[].key'

Exit codes: 0 every window of the time is attested · 1 some are not · 2 wrong arguments or environment`

export function addReportCommand(program: Command, finish: Finish): void {
  program
    .command('report')
    .description('say of a time window what is archived, what is not and why, and what is attested')
    .requiredOption('--from <day>', 'the first day, or moment, such as 2024-03-01')
    .option('--to <day>', 'the first day that is left out (default: tomorrow)')
    .option('--workspace <id>', 'in place of the configured ones; may be given several times', collect)
    .option('--json', 'the report as one line of JSON for each workspace')
    .addHelpText('after', HELP)
    .action(async ({ json = false, ...options }) => {
      finish(await showReport(readBackfillSettings({ ...options, needsRange: true }), json))
    })
}
