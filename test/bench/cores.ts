import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** One core for what is measured, another for everything else. */
export interface Cores {
  readonly measured: number
  readonly others: number
}

/** The last two cores that this process may use; undefined where there is only one. */
export function chooseCores(): Cores | undefined {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  const [others, measured] = readCpuList(allowed).slice(-2)
  return others === undefined || measured === undefined ? undefined : { measured, others }
}

/** Reads the kernel's way of writing a set of cores: `0-3,8`. */
export function readCpuList(text: string): number[] {
  return text.split(',').flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}

/** Keeps this process, and what it starts from now on, to one core. */
export function stayOn(core: number): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' })
}
