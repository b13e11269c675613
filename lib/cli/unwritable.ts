import { dirname } from 'node:path'
import { UsageError } from './usage-error.ts'

/** Why a file that a user named with `-o` cannot be made, and what to do about it. */
export function explainUnwritable(path: string, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException
  return new UsageError('The file cannot be written.', [`${path}: ${adviseOn(code, dirname(path), error)}`])
}

function adviseOn(code: string | undefined, directory: string, error: unknown): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no directory ${directory}: make it first, or name another file with -o`
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `you may not write there (${code}): name another file with -o`
    default:
      return `${code ?? String(error)}: name another file with -o`
  }
}
