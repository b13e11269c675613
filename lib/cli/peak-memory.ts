import { readFileSync } from 'node:fs'

/**
 * The most memory that this process has held, in bytes. What getrusage(2) tells on Linux is at least what the process held
 * that started this one, for it was that process until it became this program; /proc knows this program alone.
 */
export function peakMemoryBytes(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    if (kilobytes !== undefined) return Number(kilobytes) * 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024
}
