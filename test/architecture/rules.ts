import { posix } from 'node:path'
import type { Facts } from './facts.ts'
import { mayImport, placeOf } from './layers.ts'

/** A rule of the architecture: the files of a tree in, one line per violation out. */
export type Rule = (tree: Facts[]) => string[]

const CLOCK_OR_CHANCE =
  /^(Date\.now|new Date\(\)|Date\(\)|performance\.(now|timeOrigin)|process\.(hrtime|uptime)|Temporal\.Now|Math\.random)$|(^|\.)(random(UUID|UUIDv7|Bytes|Int|Fill|FillSync)|getRandomValues)$/
const STANDARD_OUTPUT = /^(console\.\w+|process\.stdout|write to descriptor 1)$/
const INPUT_OUTPUT =
  /^(?:node:)?(fs|http|https|http2|net|tls|dgram|dns|child_process|worker_threads|cluster|readline|timers)(\/\w+)?$/
// In two pieces, or the rule would find itself.
export const SWITCH_OFF = ['NODE_TLS', 'REJECT_UNAUTHORIZED'].join('_')
const STREAMS =
  /^(stream\.)?(Readable|Writable|Duplex|Transform|PassThrough|(Readable|Writable|Transform)Stream)$/
const DRAWERS = /^(utils?|helpers?|common|misc|shared|types)\.[jt]s$/

export const onlyStoriesAwait: Rule = (tree) =>
  tree
    .filter(({ path }) => placeOf(path).layer === 'pure')
    .flatMap((file) => usesOf(file, /^(await|async|Promise)$|\.then$/))

export const importsRunOneWay: Rule = (tree) =>
  tree.flatMap((file) =>
    file.imports.flatMap(({ line, specifier, target, typeOnly }) => {
      const { layer } = placeOf(file.path)
      if (specifier === '(computed)' && layer !== 'cli' && layer !== 'sandbox')
        return [`${file.path}:${line} imports what only the run time knows`]
      if (target === undefined || mayImport(file.path, target, typeOnly)) return []
      return [`${file.path}:${line} imports ${target}${typeOnly ? ' (type)' : ''}`]
    }),
  )

export const everyFileHasAPlace: Rule = (tree) =>
  tree.filter(({ path }) => placeOf(path).layer === 'nowhere').map(({ path }) => path)

export const jobsDoNoInputOrOutput: Rule = (tree) =>
  importsOutside(tree, INPUT_OUTPUT, (path) => !['story', 'pure'].includes(placeOf(path).layer))

export const undiciIsTheWire: Rule = (tree) =>
  importsOutside(tree, /^undici(\/|$)/, (path) =>
    /^lib\/(http\.ts$|undici-agent\.d\.ts$|sandbox\/)/.test(path),
  )

export const awsSdkStaysAtAws: Rule = (tree) =>
  importsOutside(tree, /^@(aws-sdk|smithy)\//, (path) =>
    /^lib\/((s3|sqs|catalog|sandbox)\/|compose(-[a-z]+)*\.ts$)/.test(path),
  )

export const environmentIsReadAtTheEdges: Rule = (tree) =>
  usesOutside(tree, /^process\.(env|loadEnvFile)$/, /^(functions\/|lib\/(config\.ts$|cli\/|sandbox\/))/)

export const timeAndChanceAreArguments: Rule = (tree) =>
  usesOutside(tree, CLOCK_OR_CHANCE, /^lib\/((compose(-[a-z]+)*|deadline)\.ts$|cli\/|sandbox\/)/)

export const standardOutputHasOneWriter: Rule = (tree) =>
  usesOutside(tree, STANDARD_OUTPUT, /^lib\/(log\.ts$|cli\/)/)

/** A native library of 68 MB fits into no bundle, and is not built for every place that a function runs in. */
export const functionsCarryNoDatabase: Rule = (tree) => {
  const files = new Map(tree.map((file) => [file.path, file]))
  const reach = (path: string, trail: readonly string[]): string[] => {
    const imports = files.get(path)?.imports.filter(({ typeOnly }) => !typeOnly) ?? []
    const way = [...trail, path]
    return imports.flatMap(({ specifier, target = '' }) => {
      if (specifier.startsWith('@duckdb/')) return [`${way.join(' → ')} → ${specifier}`]
      return way.includes(target) ? [] : reach(target, way)
    })
  }
  const functions = [...files.keys()].filter((path) => placeOf(path).layer === 'function')
  return [...new Set(functions.flatMap((path) => reach(path, []).slice(0, 1)))]
}

export const certificatesAreChecked: Rule = (tree) =>
  tree.flatMap((file) => [
    ...usesOf(file, /^rejectUnauthorized$/),
    ...(file.text.includes(SWITCH_OFF) ? [`${file.path} names ${SWITCH_OFF}`] : []),
  ])

export const functionsAreShort: Rule = (tree) => longerThan(tree, /^functions\//, 30)

export const filesAreReadInOneSitting: Rule = (tree) => longerThan(tree, /^/, 250)

export const noBarrels: Rule = (tree) =>
  tree
    .filter(
      ({ path, barrel }) => barrel || /(^|\/)index\.[jt]s$/.test(path) || DRAWERS.test(posix.basename(path)),
    )
    .map(({ path }) => path)

export const noDefaultExports: Rule = (tree) =>
  tree.flatMap(({ path, defaultExports }) =>
    defaultExports.map((line) => `${path}:${line} has a default export`),
  )

export const classesAreErrorsOrStreams: Rule = (tree) =>
  tree.flatMap(({ path, classes }) =>
    classes
      .filter(({ base }) => !base.endsWith('Error') && !STREAMS.test(base))
      .map(({ line, name }) => `${path}:${line} declares the class ${name}`),
  )

export const noImportCycles: Rule = (tree) => {
  const targets = new Map(tree.map(({ path, imports }) => [path, imports.map(({ target }) => target)]))
  const cycles = new Map<string, string>()
  const settled = new Set<string>()
  const follow = (path: string, trail: string[]): void => {
    if (trail.includes(path)) {
      const cycle = trail.slice(trail.indexOf(path))
      cycles.set(cycle.toSorted().join(), [...cycle, path].join(' → '))
      return
    }
    if (settled.has(path)) return
    for (const target of targets.get(path) ?? []) if (target !== undefined) follow(target, [...trail, path])
    settled.add(path)
  }
  for (const path of targets.keys()) follow(path, [])
  return [...cycles.values()]
}

function usesOf({ path, uses }: Facts, wanted: RegExp): string[] {
  const lines = uses
    .filter(({ name }) => wanted.test(name))
    .map(({ line, name }) => `${path}:${line} has ${name}`)
  return [...new Set(lines)]
}

function usesOutside(tree: Facts[], wanted: RegExp, home: RegExp): string[] {
  return tree.filter(({ path }) => !home.test(path)).flatMap((file) => usesOf(file, wanted))
}

function importsOutside(tree: Facts[], wanted: RegExp, isHome: (path: string) => boolean): string[] {
  return tree
    .filter(({ path }) => !isHome(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => wanted.test(specifier))
        .map(({ line, specifier }) => `${path}:${line} imports ${specifier}`),
    )
}

function longerThan(tree: Facts[], where: RegExp, most: number): string[] {
  return tree
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ path, lines }) => where.test(path) && lines > most)
    .map(({ path, lines }) => `${path} has ${lines} lines`)
}
