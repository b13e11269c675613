/** What a search costs whose objects are on the machine, a list of everything, or bringing objects there. */
export interface SearchFigures {
  readonly form: 'segments' | 'compacts' | 'list' | 'fetch' | 'read' | 'look'
  readonly rows: number
  readonly files: number
  /** Searches or pages. */
  readonly times: number
  readonly firstMs: number
  readonly medianMs: number
  readonly allSeconds: number
  readonly cpuSeconds: number
  readonly maxRssMb: number
  /** What went wrong: not all was found that is there. */
  readonly complaint: string | undefined
}

const TITLES: Readonly<Record<SearchFigures['form'], string>> = {
  segments: 'searched by a number, as written',
  compacts: 'searched by a number, compacted',
  list: 'listed page by page, compacted',
  fetch: 'objects put into the cache',
  read: 'copies read and compared',
  look: 'the same, again in one process',
}

/** The figures as a table for people. */
export function writeSearch(figures: readonly SearchFigures[]): readonly string[] {
  const count = (value: number): string => value.toLocaleString('en')
  return [
    '',
    'search: the catalog on this machine; one core',
    '                                         rows   files  times  first ms  median ms  all s  CPU s each  RSS MB',
    ...figures.map(({ form, rows, files, times, firstMs, medianMs, allSeconds, cpuSeconds, maxRssMb }) =>
      [
        `  ${TITLES[form].padEnd(32)}`,
        count(rows).padStart(10),
        count(files).padStart(7),
        String(times).padStart(6),
        firstMs.toFixed(0).padStart(9),
        medianMs.toFixed(0).padStart(10),
        allSeconds.toFixed(1).padStart(6),
        (cpuSeconds / times).toFixed(2).padStart(11),
        maxRssMb.toFixed(0).padStart(7),
      ].join(' '),
    ),
  ]
}
