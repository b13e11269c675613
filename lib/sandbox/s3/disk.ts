import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/**
 * Writes a JSON file so that it is either the old one or the new one, whenever the process is killed. Synchronous on purpose, like
 * all of a commit: nothing else of this process can come between a check and the write that rests on it.
 */
export function writeJson(path: string, value: unknown): void {
  const temporary = `${path}.tmp`
  writeFileSync(temporary, JSON.stringify(value))
  renameSync(temporary, path)
}

/** Reads a JSON file of ours. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** Names in a directory; none when it doesn't exist. */
export function listNames(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : []
}

/** Removes a file or a tree, if it is there. */
export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true })
}

/** Whether something lies at a path, be it a dangling link. */
export function isTaken(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Makes the directories above a file; false when a file is in their way or a name is impossible. */
export function makeParents(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return true
  } catch {
    return false
  }
}

/** Renames; false when the file system refuses. */
export function move(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch {
    return false
  }
}

/** Removes the directories above `path` that have become empty, up to `top`, which stays. */
export function removeEmptyParents(path: string, top: string): void {
  for (let at = dirname(path); at.length > top.length && at.startsWith(top); at = dirname(at)) {
    try {
      rmdirSync(at)
    } catch {
      return
    }
  }
}
