import { Command, CommanderError } from '@commander-js/extra-typings'
import { VERSION } from '../version.ts'
import { addAccessCommand } from './commands/access.ts'
import { addArchiveCommand } from './commands/archive.ts'
import { addBackfillCommand } from './commands/backfill.ts'
import { addCatalogCommand } from './commands/catalog.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addDlqCommand } from './commands/dlq.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addEnqueueCommand } from './commands/enqueue.ts'
import { addFindCommand } from './commands/find.ts'
import { addGetCommand } from './commands/get.ts'
import { addHoldCommand } from './commands/hold.ts'
import { addLinkCommand } from './commands/link.ts'
import { addReportCommand } from './commands/report.ts'
import { addRetentionCommand } from './commands/retention.ts'
import { addSandboxCommand } from './commands/sandbox.ts'
import { addShowCommand } from './commands/show.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { EXIT, type Finish } from './exit-codes.ts'
import { quitWhenNobodyReads } from './print.ts'
import { printError } from './print-error.ts'

const HELP = `
Start here:
  $ bird-archive demo                     see all of it work, on this machine alone
  $ bird-archive archive RECORDING-ID     archive one recording now
  $ bird-archive enqueue --ids ids.csv    leave a list to the deployed function
  $ bird-archive backfill --from 2024-01-01   find what is missing since then, and have it archived
  $ bird-archive report --from 2024-01-01     prove that nothing is missing
  $ bird-archive find --number NUMBER     find recordings by number, call, time and more
  $ bird-archive get RECORDING-ID         download a recording, and check that it is what was archived
  $ bird-archive doctor                   check key, clock, bucket and queues
  $ bird-archive dlq list                 see what could not be archived, and what to do about it
From a clone: npm run -s bird-archive -- COMMAND (or npx bird-archive COMMAND)

The environment says which Bird workspace and which bucket: docs/configuration.md.
Results go to stdout, everything else to stderr; --json makes results readable for programs.

Exit codes: 0 all accounted for · 1 something is left, and named · 2 wrong arguments or environment · 130 Ctrl-C`

/**
 * Runs the command line. Resolves to the exit code; never rejects.
 * @param argv the arguments alone, without Node and script
 */
export async function main(argv: string[]): Promise<number> {
  quitWhenNobodyReads()
  let exitCode: number = EXIT.done
  const finish: Finish = (code) => {
    exitCode = code
  }
  const program = new Command('bird-archive')
    .description(
      'Keeps the recordings of your Bird calls in your own S3 bucket: complete, unaltered, findable.',
    )
    .version(VERSION)
    .addHelpText('after', HELP)
    .showHelpAfterError('(add --help to see how it is used)')
    .exitOverride()
  addArchiveCommand(program, finish)
  addEnqueueCommand(program, finish)
  addBackfillCommand(program, finish)
  addReportCommand(program, finish)
  addFindCommand(program, finish)
  addShowCommand(program, finish)
  addGetCommand(program, finish)
  addLinkCommand(program, finish)
  addAccessCommand(program, finish)
  addCatalogCommand(program, finish)
  addHoldCommand(program, finish)
  addRetentionCommand(program, finish)
  addVerifyCommand(program, finish)
  addDoctorCommand(program, finish)
  addDlqCommand(program, finish)
  addDemoCommand(program, finish)
  addSandboxCommand(program, finish)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return explain(error)
  }
}

function explain(error: unknown): number {
  // Commander has said what is wrong already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.misconfigured
  return printError(error)
}
