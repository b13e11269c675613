import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Facts, readFacts } from './facts.ts'

const root = join(import.meta.dirname, '..', '..')

/** What we deploy or run. */
export const program = readTree(['functions', 'lib'])

/** All TypeScript and JavaScript of ours. */
export const sources = [...program, ...readTree(['infra', 'test', 'vitest.config.ts'])]

/** The sources and what runs or configures them. */
export const everything = [
  ...sources,
  ...readTree(['.ci', 'infra', 'package.json', 'serverless.yml', '.npmrc'], /^(?!.*\.[jt]s$)/),
]

/** A tree given as text, for showing that a rule can fail. */
export function treeOf(files: Record<string, string>): Facts[] {
  return Object.entries(files).map(([path, text]) => factsOf(path, text))
}

function readTree(places: string[], wanted = /\.[jt]s$/): Facts[] {
  return places
    .flatMap(filesBelow)
    .filter((path) => wanted.test(path) && !path.startsWith('test/fixtures/'))
    .map((path) => factsOf(path, readFileSync(join(root, path), 'utf8')))
}

function filesBelow(place: string): string[] {
  if (!existsSync(join(root, place))) return []
  if (!statSync(join(root, place)).isDirectory()) return [place]
  return readdirSync(join(root, place)).flatMap((name) => filesBelow(`${place}/${name}`))
}

function factsOf(path: string, text: string): Facts {
  if (/\.[jt]s$/.test(path)) return readFacts(path, text)
  return { path, text, imports: [], uses: [], classes: [], defaultExports: [], barrel: false }
}
