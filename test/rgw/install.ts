import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian's packages, and a command that each of them brings. */
const PACKAGES = {
  radosgw: 'radosgw',
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  'ceph-common': 'ceph',
  'uuid-runtime': 'uuidgen',
  'util-linux': 'setpriv',
}

/** Installs Ceph's gateway where a command of it is missing: Debian's package, as root or by sudo. */
export function installGateway(): void {
  const missing = Object.entries(PACKAGES).filter(([, command]) => !isInstalled(command))
  if (missing.length === 0) return
  const names = missing.map(([name]) => name)
  try {
    aptGet('update', '-qq')
    aptGet('install', '-y', '-qq', '--no-install-recommends', ...names)
  } catch (cause) {
    throw new Error(
      `The S3 judge needs Debian's packages ${names.join(' ')}: install them, or run this as root on Debian.`,
      { cause },
    )
  }
}

function isInstalled(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function aptGet(...args: string[]): void {
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]
  const [program = '', ...rest] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command]
  execFileSync(program, rest, { stdio: ['ignore', 'inherit', 'inherit'] })
}
