import type { Command } from '@commander-js/extra-typings'
import type { Finish } from '../exit-codes.ts'
import { exportRecordings } from '../export-recordings.ts'
import { addSelection } from '../select-recordings.ts'

const HELP = `
Exported are the recordings that are named, and all that the criteria find: audio, sidecars, the lines of the access log that
name them, attestations of their days, a manifest, and index.html, which lists and plays them without a network. Nobody needs
this program to check it: unzip it, then sha256sum -c SHA256SUMS.

The audio is compared with its sidecar while it comes. What is missing, in Glacier, or not what was archived is named, the rest
is exported, and the exit code is 1; SHA256SUMS has the archived digests, so that its check fails for what was altered.
Who exported what, and why, is in the access log before the first byte comes; if it can't be written there, there is no export.

It is written to FILE.part, which takes no more room than the archive itself, and gets its name when it is whole. An export
that was killed leaves the .part alone; the next one begins anew.

Examples:
  $ bird-archive export --case 4711 --reason "court order" --number "+49 30 123456" --from 2024-01-01 -o case-4711.zip
  $ bird-archive hold list --case 4711 --json | jq -r .recordingId | bird-archive export --ids - --case 4711 -o case-4711.zip

Exit codes: 0 all are in it, and what was archived · 1 some are not: it is said which, and why · 2 wrong arguments or environment ·
130 Ctrl-C`

export function addExportCommand(program: Command, finish: Finish): void {
  addSelection(
    program
      .command('export')
      .description('hand recordings over as one ZIP archive that others can check and listen to')
      .argument('[ids...]', 'recording ids')
      .requiredOption('-o, --output <file>', 'the archive, such as case.zip')
      .option('--case <number>', 'the number of the case; it is in the access log and in the export')
      .option('--force', 'replace the file if it is there already')
      .option('--json', 'what it came to as one line of JSON'),
  )
    .addHelpText('after', HELP)
    .action(async (ids, { force = false, json = false, ...options }) => {
      finish(await exportRecordings(ids, { ...options, force, json }))
    })
}
