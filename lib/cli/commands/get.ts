import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { RESTORE_TIERS, type RestoreTier } from '../../retrieve/restore.ts'
import { addWhoAndWhy, AS_ARCHIVED } from '../access-options.ts'
import type { Finish } from '../exit-codes.ts'
import { getRecordings } from '../get-recordings.ts'
import { wholeNumber } from '../whole-number.ts'

const HELP = `
The audio is compared with the SHA-256 that was taken when it was archived, while it comes; a file gets its name only when they
agree, and can be read by you alone. With -o - look at the exit code: what has been written cannot be taken back.
Who got what, and why, is in the access log before the first byte comes; if it can't be written there, nothing is handed out.

Examples:
  $ bird-archive get 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd --reason "complaint 4711"
  $ bird-archive get ID ID ID -o case-4711/
  $ bird-archive get ID -o - | ffplay -nodisp -autoexit -
  $ bird-archive get ID --restore bulk       it lies in Glacier: have it restored, the cheap way

Exit codes: 0 all are there and agree · 1 some are not, and it is said why · 2 wrong arguments or environment · 130 Ctrl-C`

const RESTORE_DAYS = 7

export function addGetCommand(program: Command, finish: Finish): void {
  const command = program
    .command('get')
    .description('download recordings and check that they are what was archived')
    .argument('<id...>', 'recording ids')
    .option(
      '-o, --output <file>',
      'where to: a file, a directory, or - for standard output (default: DAY-ID.mp3 here)',
    )
    .option(
      '--restore [tier]',
      'have it restored if it lies in Glacier: standard, bulk or expedited',
      readTier,
    )
    .option('--days <n>', 'how long the restored copy stays', wholeNumber(1, 365), RESTORE_DAYS)
    .option('--force', 'replace files that are there already')
    .option('--as-archived', AS_ARCHIVED)
    .option('--json', 'one line of JSON for each recording')
  addWhoAndWhy(command)
    .addHelpText('after', HELP)
    .action(async (ids, { restore, force = false, asArchived = false, json = false, ...options }) => {
      const tier = restore === true ? 'Standard' : restore
      finish(await getRecordings(ids, { ...options, restore: tier, force, asArchived, json }))
    })
}

function readTier(text: string): RestoreTier {
  const tier = RESTORE_TIERS.find((each) => each.toLowerCase() === text.toLowerCase())
  if (tier === undefined) throw new InvalidArgumentError('it is standard, bulk or expedited')
  return tier
}
