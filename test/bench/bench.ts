import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { CommanderError } from '@commander-js/extra-typings'
import { startCloud } from './cloud.ts'
import { complaintsOf } from './complaints.ts'
import { modelCost } from './cost.ts'
import { writeCost } from './cost-report.ts'
import { chooseCores, stayOn } from './cores.ts'
import { summarize } from './figures.ts'
import { createMeasure } from './measure.ts'
import { type BenchOptions, readOptions } from './options.ts'
import { writeReport } from './report.ts'
import { type Absence, findAbsent, findMissing, findVersions, install } from './requirements.ts'
import { type Run, runOnce } from './run.ts'
import { measureSearch, writeSearch } from './search.ts'
import { judgeTargets } from './targets.ts'
import { buildTools } from './tools.ts'
import type { Variant } from './variants/variant.ts'
import { planWorkloads } from './workloads.ts'

const EXIT = { done: 0, incomplete: 1, notPossible: 2, interrupted: 130 } as const

process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  try {
    const options = readOptions(argv)
    const absent = prepare(options)
    const directory = mkdtempSync(join(tmpdir(), 'archiver-bench-'))
    try {
      return await bench(options, absent, directory, stop.signal)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  } catch (error) {
    // A signal that came while a compiler ran is told only now.
    await setImmediate()
    if (stop.signal.aborted) return EXIT.interrupted
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.notPossible
    say(`bench: ${error instanceof Error ? error.message : String(error)}`)
    return EXIT.notPossible
  }
}

/** Sees to what is needed here. Returns the variants that are not here. */
function prepare(options: BenchOptions): Absence[] {
  if (process.platform !== 'linux') throw new Error('it pins processes to cores, which takes Linux')
  let missing = findMissing()
  let absent = findAbsent(options.variants)
  const wanted = [...new Set([...missing, ...absent.map((absence) => absence.package)])]
  if (options.install && wanted.length > 0) {
    install(wanted)
    missing = findMissing()
    absent = findAbsent(options.variants)
  }
  if (missing.length > 0)
    throw new Error(`install ${missing.join(' ')} (Debian's names), or let --install do it`)
  return absent
}

async function bench(
  options: BenchOptions,
  absent: readonly Absence[],
  directory: string,
  signal: AbortSignal,
): Promise<number> {
  const cores = chooseCores()
  if (cores === undefined) throw new Error('it takes two cores, and may use only one here')
  say('building the programs and the bundles')
  const tools = await buildTools(directory)
  stayOn(cores.others)
  const measure = createMeasure(tools.measure, directory, cores.measured, signal)
  const variants = options.variants.filter(({ name }) => absent.every(({ variant }) => variant !== name))
  const workloads = planWorkloads(options.quick).filter(({ name }) => options.only.includes(name))

  const versions = { node: `Node ${process.version}`, ...findVersions(variants) }
  const runs: Run[] = []
  const complaints: string[] = []
  for (const workload of workloads) {
    const taking = variants.filter((variant) => variant.runsOn(workload))
    const cloud = await startCloud(tools.cloud, tools.sampleFile, workload, tools.certificate)
    try {
      for (const { round, variant } of turns(options.rounds, taking)) {
        const run = await runOnce(variant, workload, cloud, tools, measure, directory)
        runs.push(run)
        const wrong = complaintsOf(run)
        complaints.push(...wrong.map((what) => `${workload.name}, ${variant.name}: ${what}`))
        say(progressLine(run, `round ${round} of ${options.rounds}`, wrong))
      }
    } finally {
      await cloud.close()
    }
  }

  if (options.search) say('making a catalog of 200,000 rows, and searching it')
  const searches = options.search ? await measureSearch(measure, directory) : []
  for (const { form, complaint } of searches)
    if (complaint !== undefined) complaints.push(`search, ${form}: ${complaint}`)

  const figures = summarize(runs.filter((run) => complaintsOf(run).length === 0))
  const targets = judgeTargets(figures)
  const cost = modelCost(figures)
  if (options.json) {
    const machine = { cpu: cpus()[0]?.model, kernel: release(), cores, versions }
    const titles = workloads.map(({ name, title, warmUp }) => ({ name, title, warmUp }))
    const { quick, rounds } = options
    print(
      JSON.stringify({
        machine,
        quick,
        rounds,
        workloads: titles,
        figures,
        targets,
        cost,
        searches,
        absent,
        complaints,
        runs,
      }),
    )
  } else {
    print([...new Set(Object.values(versions))].join(' · '))
    print('Medians; 1 KB = 1,000 bytes; CPU is user and system. "× ours" compares the CPU of a recording.')
    for (const line of [...writeReport(workloads, figures, targets), ...writeCost(cost)]) print(line)
    if (searches.length > 0) for (const line of writeSearch(searches)) print(line)
  }
  for (const absence of absent) say(`absent: ${absence.variant} (Debian's ${absence.package}, or --install)`)
  for (const complaint of complaints) say(`FAILED: ${complaint}`)
  return complaints.length === 0 ? EXIT.done : EXIT.incomplete
}

/** All variants once, then all of them again: what changes on the machine meanwhile concerns them alike. */
function* turns(
  rounds: number,
  variants: readonly Variant[],
): Generator<{ readonly round: number; readonly variant: Variant }> {
  for (let round = 1; round <= rounds; round++) for (const variant of variants) yield { round, variant }
}

function progressLine(run: Run, round: string, wrong: readonly string[]): string {
  const cpuMs = ((run.userSeconds + run.systemSeconds) * 1000) / run.recordings
  const outcome = wrong.length > 0 ? `FAILED: ${wrong.join('; ')}` : `${cpuMs.toFixed(2)} ms a recording`
  return `${run.workload.padEnd(9)}  ${run.variant.padEnd(6)}  ${round}  ${outcome}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
