import { Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { wholeNumber } from '../../lib/cli/whole-number.ts'
import { VARIANTS } from './variants/variants.ts'
import type { Variant } from './variants/variant.ts'
import { WORKLOADS, type WorkloadName } from './workloads.ts'

/** What is to be measured, and how it is told. */
export interface BenchOptions {
  readonly quick: boolean
  readonly json: boolean
  readonly install: boolean
  readonly rounds: number
  readonly only: readonly WorkloadName[]
  /** Whether the catalog is searched, too. */
  readonly search: boolean
  readonly variants: readonly Variant[]
}

const HELP = `
Workloads: ${WORKLOADS.join(', ')} (tls names both of the last), and search, which archives nothing
Variants:
${VARIANTS.map(({ name, title }) => `  ${name.padEnd(7)}  ${title}`).join('\n')}

One core is the measured program's alone, the origin and the bucket (one process in C) and all else have another.
The variants take turns, round by round, and the figures are medians. Peers of which a process is started for
each recording get fewer recordings that are as large on average, and their start counts: they have no other state.
They fetch the audio by its own link and store it, with no metadata, redirect or sidecar.
RSS is that of the largest single process; 1 KB is 1,000 bytes. Close other programs first: on a busy machine only
the ratios mean something.

At the end stands what AWS would charge at five memory sizes, by a model: for small and for large, with CPU from
tls-small and tls-large where they were run, too.

Examples:
  $ npm run bench -- --quick                        all of it in less than three minutes
  $ npm run bench -- --only small --variant ours    one figure, while working on it
  $ npm run -s bench -- --json >figures.json        for programs

Exit codes: 0 all measured, all stored · 1 a variant did not store all, and is named ·
  2 wrong arguments, or not possible here · 130 Ctrl-C`

const QUICK_ROUNDS = 1
const FULL_ROUNDS = 3

/** Reads the arguments. Throws commander's error, once it has said what is wrong or has printed the help. */
export function readOptions(argv: string[]): BenchOptions {
  const command = new Command('npm run bench --')
    .description('Measures what archiving costs, beside what people use instead.')
    .option('--quick', 'fewer recordings, one round: less than three minutes')
    .option('--json', 'one JSON document on stdout instead of tables')
    .option('--only <workload,...>', 'these workloads', readWorkloads)
    .option('--variant <name,...>', 'these variants', readVariants)
    .option(
      '--rounds <number>',
      `how often each is run (default: ${FULL_ROUNDS}, quick ${QUICK_ROUNDS})`,
      wholeNumber(1, 99),
    )
    .option('--install', 'install missing Debian packages with apt-get')
    .addHelpText('after', HELP)
    .showHelpAfterError('(add --help to see how it is used)')
    .exitOverride()
  const options = command.parse(argv, { from: 'user' }).opts()
  const quick = options.quick === true
  return {
    quick,
    json: options.json === true,
    install: options.install === true,
    rounds: options.rounds ?? (quick ? QUICK_ROUNDS : FULL_ROUNDS),
    only: options.only?.workloads ?? WORKLOADS,
    search: options.only?.search ?? true,
    variants: options.variant ?? VARIANTS,
  }
}

function readWorkloads(text: string): {
  readonly workloads: readonly WorkloadName[]
  readonly search: boolean
} {
  const names = text.split(',')
  const workloads = names
    .filter((name) => name !== 'search')
    .flatMap((name) => {
      const found = WORKLOADS.filter(
        (workload) => workload === name || (name === 'tls' && workload.startsWith('tls-')),
      )
      if (found.length === 0)
        throw new InvalidArgumentError(`${name} is none of ${WORKLOADS.join(', ')}, search.`)
      return found
    })
  return { workloads, search: names.includes('search') }
}

function readVariants(text: string): Variant[] {
  return text.split(',').map((name) => {
    const found = VARIANTS.find((variant) => variant.name === name)
    if (found === undefined)
      throw new InvalidArgumentError(
        `${name} is none of ${VARIANTS.map((variant) => variant.name).join(', ')}.`,
      )
    return found
  })
}
