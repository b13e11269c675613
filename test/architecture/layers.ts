/** Where a source file stands in the program, from the outermost layer to the innermost. */
export type Layer =
  | 'function'
  | 'cli'
  | 'sandbox'
  | 'compose'
  | 'story'
  | 'system'
  | 'root'
  | 'pure'
  | 'manifest'
  | 'nowhere'

export interface Place {
  layer: Layer
  /** The job whose folder it is in: archive, backfill, doctor, retrieve, verify. */
  job?: string
  /** The outside system whose folder it is in: bird, s3, sqs, catalog. */
  system?: string
}

/** Reads a file's place from its path, the way that the listing is meant to be read. */
export function placeOf(path: string): Place {
  if (path === 'package.json') return { layer: 'manifest' }
  if (/^functions\/[^/]+\.ts$/.test(path)) return { layer: 'function' }
  if (/^lib\/(compose(-[a-z]+)*|version)\.ts$/.test(path)) return { layer: 'compose' }
  if (/^lib\/[^/]+\.ts$/.test(path)) return { layer: 'root' }
  const [, folder = '', file = ''] = /^lib\/([^/]+)\/(.+)$/.exec(path) ?? []
  if (/^(archive|backfill|doctor|retrieve|verify)$/.test(folder)) {
    return { layer: file === `${folder}.ts` ? 'story' : 'pure', job: folder }
  }
  if (folder === 'bird')
    return {
      layer: /^(http-framing|http-head|pace|redirect|retry|scratch)\.ts$/.test(file) ? 'pure' : 'system',
      system: folder,
    }
  if (folder === 'catalog')
    return { layer: /^(catalog|duckdb|athena)/.test(file) ? 'system' : 'pure', system: folder }
  if (folder === 's3' || folder === 'sqs') return { layer: 'system', system: folder }
  if (folder === 'cli' || folder === 'sandbox') return { layer: folder }
  return { layer: 'nowhere' }
}

/**
 * Says whether one file may import another. Outer layers see inner ones, never the reverse:
 *
 * | from     | may import |
 * | -------- | ---------- |
 * | function | all but the command line and the sandbox |
 * | cli      | everything |
 * | sandbox  | everything but the command line |
 * | compose  | its like, stories, systems, pure files, root files, `package.json` |
 * | story    | pure files, root files; systems as types |
 * | system   | its own folder, the pure files of jobs and of the catalog, root files |
 * | root     | root files, pure files |
 * | pure     | pure files of its own folder and of archive/ (bird's and the catalog's: of any job); `errors.ts`; root files as types |
 */
export function mayImport(from: string, to: string, typeOnly: boolean): boolean {
  const [source, target] = [placeOf(from), placeOf(to)]
  switch (source.layer) {
    case 'function':
      return !['cli', 'sandbox'].includes(target.layer)
    case 'cli':
      return true
    case 'sandbox':
      return target.layer !== 'cli'
    case 'compose':
      return ['compose', 'story', 'system', 'pure', 'root', 'manifest'].includes(target.layer)
    case 'story':
      if (target.system && target.system !== 'catalog') return typeOnly
      if (target.layer === 'system') return typeOnly
      return target.layer === 'root' || (target.layer === 'pure' && jobMaySee(source, target))
    case 'system':
      if (target.layer === 'pure') return systemMaySee(source, target)
      return target.layer === 'root' || (target.layer === 'system' && source.system === target.system)
    case 'root':
      return target.layer === 'root' || target.layer === 'pure'
    case 'pure':
      if (target.layer === 'root') return typeOnly || to === 'lib/errors.ts'
      if (target.layer !== 'pure') return false
      return source.job ? !target.system && jobMaySee(source, target) : systemMaySee(source, target)
    case 'manifest':
    case 'nowhere':
      return false
  }
}

/** A job sees its own folder and archive/; the catalog's pure files belong to no job. */
function jobMaySee(source: Place, target: Place): boolean {
  return target.job === undefined || target.job === source.job || target.job === 'archive'
}

/** A system sees the pure files of jobs, its own, and the catalog's, which say what a row is. */
function systemMaySee(source: Place, target: Place): boolean {
  return target.system === undefined || target.system === source.system || target.system === 'catalog'
}
