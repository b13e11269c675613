import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SYSTEM_PATH } from './measure.ts'
import type { Variant } from './variants/variant.ts'

/** Something that a Debian package brings. */
interface Requirement {
  readonly package: string
  isThere(): boolean
}

/** A variant that cannot be measured here. */
export interface Absence {
  readonly variant: string
  readonly package: string
}

const command = (name: string, debianPackage: string): Requirement => ({
  package: debianPackage,
  isThere: () => isInstalled(name),
})

/** Without these there is no benchmark. */
const NEEDED: readonly Requirement[] = [
  command('cc', 'gcc'),
  { package: 'libc6-dev', isThere: () => compiles('stdio.h') },
  { package: 'libssl-dev', isThere: () => compiles('openssl/ssl.h') },
  command('openssl', 'openssl'),
  command('taskset', 'util-linux'),
]

/** Debian's packages without which there is no benchmark, as far as they are missing. */
export function findMissing(): string[] {
  return NEEDED.filter((requirement) => !requirement.isThere()).map((requirement) => requirement.package)
}

/** Which of the variants lack the command that they are made of. */
export function findAbsent(variants: readonly Variant[]): Absence[] {
  return variants.flatMap(({ name, needs }) =>
    needs === undefined || isInstalled(needs.command) ? [] : [{ variant: name, package: needs.package }],
  )
}

/** What the variants' commands call themselves, by variant. */
export function findVersions(variants: readonly Variant[]): Record<string, string> {
  return Object.fromEntries(
    variants.flatMap(({ name, needs }) => (needs === undefined ? [] : [[name, versionOf(needs.command)]])),
  )
}

/** Installs Debian's packages, as root or by sudo. */
export function install(packages: readonly string[]): void {
  aptGet('update', '-qq')
  aptGet('install', '-y', '-qq', '--no-install-recommends', ...packages)
}

function isInstalled(name: string): boolean {
  return SYSTEM_PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function versionOf(program: string): string {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8', env: { PATH: SYSTEM_PATH } })
  // The name and the version; libraries and the like follow.
  return text
    .split(/\s/)
    .slice(0, program === 'aws' ? 1 : 2)
    .join(' ')
}

function compiles(header: string): boolean {
  try {
    const input = `#include <${header}>\n`
    execFileSync('cc', ['-fsyntax-only', '-x', 'c', '-'], { input, stdio: ['pipe', 'ignore', 'ignore'] })
    return true
  } catch {
    return false
  }
}

function aptGet(...args: string[]): void {
  const words = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]
  const [program = '', ...rest] = process.getuid?.() === 0 ? words : ['sudo', '-n', ...words]
  // Standard output is for figures.
  execFileSync(program, rest, { stdio: ['ignore', process.stderr, 'inherit'] })
}
