import { Command, CommanderError } from '@commander-js/extra-typings'
import { VERSION } from '../version.ts'
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

/** In the order of the help. Each brings its own part of the program along, so only the one that is asked for is loaded. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command, finish: Finish) => void>>> = {
  archive: async () => (await import('./commands/archive.ts')).addArchiveCommand,
  enqueue: async () => (await import('./commands/enqueue.ts')).addEnqueueCommand,
  backfill: async () => (await import('./commands/backfill.ts')).addBackfillCommand,
  report: async () => (await import('./commands/report.ts')).addReportCommand,
  find: async () => (await import('./commands/find.ts')).addFindCommand,
  show: async () => (await import('./commands/show.ts')).addShowCommand,
  get: async () => (await import('./commands/get.ts')).addGetCommand,
  link: async () => (await import('./commands/link.ts')).addLinkCommand,
  access: async () => (await import('./commands/access.ts')).addAccessCommand,
  catalog: async () => (await import('./commands/catalog.ts')).addCatalogCommand,
  export: async () => (await import('./commands/export.ts')).addExportCommand,
  hold: async () => (await import('./commands/hold.ts')).addHoldCommand,
  retention: async () => (await import('./commands/retention.ts')).addRetentionCommand,
  verify: async () => (await import('./commands/verify.ts')).addVerifyCommand,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
  dlq: async () => (await import('./commands/dlq.ts')).addDlqCommand,
  demo: async () => (await import('./commands/demo.ts')).addDemoCommand,
  sandbox: async () => (await import('./commands/sandbox.ts')).addSandboxCommand,
}

/** The command that is asked for; all of them where it is the program's own help, or none of them. */
function choose([name = '']: readonly string[]): (typeof COMMANDS)[string][] {
  const asked = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  return asked === undefined ? Object.values(COMMANDS) : [asked]
}

/**
 * The command line that `argv` asks for: one command's alone, or all of it.
 * @param finish is told the exit code of a command that has come to its end
 */
export async function composeProgram(argv: readonly string[], finish: Finish): Promise<Command> {
  const program = new Command('bird-archive')
    .description(
      'Keeps the recordings of your Bird calls in your own S3 bucket: complete, unaltered, findable.',
    )
    .version(VERSION)
    .addHelpText('after', HELP)
    .showHelpAfterError('(add --help to see how it is used)')
    .exitOverride()
  for (const load of choose(argv)) (await load())(program, finish)
  return program
}

/**
 * Runs the command line. Resolves to the exit code; never rejects.
 * @param argv the arguments alone, without Node and script
 */
export async function main(argv: string[]): Promise<number> {
  quitWhenNobodyReads()
  let exitCode: number = EXIT.done
  const program = await composeProgram(argv, (code) => {
    exitCode = code
  })
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
