import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { describe, expect, it } from 'vitest'
import { composeProgram } from '../../lib/cli/cli.ts'
import { Environment } from '../../lib/config.ts'
import { CatalogEnvironment, misspeltIn, RetrievalEnvironment } from '../../lib/settings.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PAGES = ['README.md', 'CHANGELOG.md', ...globSync('docs/*.md', { cwd: ROOT }).toSorted()]
const SOURCES = globSync('lib/**/*.ts', { cwd: ROOT }).toSorted()

/** Options of other programs that the documents name on their own. */
const FOREIGN_OPTIONS = new Set(['--param', '--enable-log-file-validation'])
/** Given as an example of a misspelt name. */
const MISSPELT = new Set(['RETENTION_DAY'])

const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

describe('links', () => {
  it.each(PAGES)('%s leads nowhere that is not there', (page) => {
    const dead = linksIn(textOf(page)).filter((link) => !resolves(page, link))
    expect(dead).toEqual([])
  })

  it('are all there to be looked at', () => {
    expect(linksIn(textOf('README.md'))).toContain('docs/retrieve.md')
    expect(resolves('README.md', 'docs/missing.md')).toBe(false)
    expect(resolves('docs/retrieve.md', '#no-such-heading')).toBe(false)
    expect(resolves('docs/retrieve.md', '#the-access-log')).toBe(true)
  })
})

describe('commands', () => {
  it.each(PAGES)('%s names none, and no option, that is not there', async (page) => {
    const root = await wholeProgram()
    const scripts = Object.keys((JSON.parse(textOf('package.json')) as { scripts: object }).scripts)
    const code = codeIn(textOf(page))
    const faults = code.flatMap((text) => [
      ...invocationsIn(text).flatMap((words) => faultsOf(root, words)),
      ...[...text.matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)]
        .map(([, script = '']) => script)
        .filter((script) => !scripts.includes(script))
        .map((script) => `npm run ${script}`),
    ])
    const options = optionsBelow(root)
    const names = new Set(root.commands.map((command) => command.name()))
    const bare = code.flatMap((text) => {
      const words = text.split(' ')
      // The shell has an `export` of its own.
      if (/^export \w+=/.test(text)) return []
      if (names.has(words[0] ?? '')) return faultsOf(root, words)
      const option = /^--[a-z][a-z-]*/.exec(text)?.[0]
      return option === undefined || options.has(option) || FOREIGN_OPTIONS.has(option) ? [] : [option]
    })
    expect([...faults, ...bare]).toEqual([])
  })

  it('that help texts and messages name are there', async () => {
    const root = await wholeProgram()
    const texts = [...helpBelow(root), ...SOURCES.flatMap((file) => textOf(file).split('\n'))]
    const faults = texts.flatMap((text) => invocationsIn(text).flatMap((words) => faultsOf(root, words)))
    expect(faults).toEqual([])
  })

  it('that are not there are noticed', async () => {
    const root = await wholeProgram()
    const faults = (text: string) => invocationsIn(text).flatMap((words) => faultsOf(root, words))
    expect(faults('npm run -s bird-archive -- fetch x')).toEqual(['fetch'])
    expect(faults('bird-archive hold lift x | jq .')).toEqual(['hold lift'])
    expect(faults('bird-archive hold list --every')).toEqual(['hold list --every'])
    expect(faults('npm run demo -- --records 60')).toEqual(['demo --records'])
    expect(faults('x | bird-archive export --ids - -q y')).toEqual(['export -q'])
  })
})

describe('settings', () => {
  const read = new Set(
    [Environment, RetrievalEnvironment, CatalogEnvironment].flatMap(({ entries }) => Object.keys(entries)),
  )
  const configuration = textOf('docs/configuration.md')

  it('are all in the table, and the table has no other', () => {
    const rows = configuration.split('\n').filter((line) => line.startsWith('| `'))
    const documented = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z0-9_]+)`/g)])
    // Lambda sets that one; the text below the table says so.
    expect(configuration).toContain('`AWS_LAMBDA_FUNCTION_MEMORY_SIZE`')
    expect(documented.map(([, name = '']) => name).toSorted()).toEqual(
      [...read].filter((name) => !name.startsWith('AWS_')).toSorted(),
    )
  })

  it('that begin like ours are refused, as the text says', () => {
    const [, sentence = ''] =
      /a name\s+that begins\s+with([^]*?)and is none of ours/.exec(configuration) ?? []
    const prefixes = [...sentence.matchAll(/`([A-Z_]+_)`/g)].map(([, prefix = '']) => prefix)
    expect(prefixes.length).toBeGreaterThan(5)
    for (const prefix of prefixes) expect(misspeltIn({ [`${prefix}X`]: '1' }, {})).toHaveLength(1)
  })

  it.each(PAGES)('%s names none that the program does not read', (page) => {
    const named = codeIn(textOf(page)).flatMap(
      (text) => text.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? [],
    )
    const ours = named.filter((name) => misspeltIn({ [name]: '1' }, Environment.entries).length > 0)
    expect([...new Set(ours)].filter((name) => !MISSPELT.has(name))).toEqual([])
  })
})

/** What Markdown links lead to, outside of code, without what is on the web. */
function linksIn(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, 'code')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
}

function resolves(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(ROOT, file))) return false
  return anchor === undefined || anchorsIn(textOf(file)).includes(anchor)
}

/** The anchors that GitHub gives to headings. */
function anchorsIn(markdown: string): string[] {
  const headings = markdown.replaceAll(/^```[^]*?^```/gm, '').match(/^#+ .*$/gm) ?? []
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Every span of code, and every line of a block of it (continued lines as one). */
function codeIn(markdown: string): string[] {
  const blocks = markdown.match(/^```[^]*?^```/gm) ?? []
  const spans = [...markdown.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`([^`]+)`/g)]
  return [
    ...blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n').slice(1, -1)),
    ...spans.map(([, text = '']) => text.replaceAll(/\s+/g, ' ')),
  ]
}

/** The words of each call of our program in a line, to the pipe, comment or quotation mark that ends it. */
function invocationsIn(line: string): string[][] {
  const calls = [
    ...line.matchAll(
      /(?:\bnpm run (?:-s )?(demo|sandbox)|\bbird-archive)(?: --)?((?: [^ |;#>`'"]+| "[^"]*")+)/g,
    ),
  ]
  return calls.map(([, script, words = '']) => [
    ...(script === undefined ? [] : [script]),
    ...words.trim().split(/\s+/),
  ])
}

async function wholeProgram(): Promise<CommandUnknownOpts> {
  return await composeProgram([], () => undefined)
}

/** What of a call the program does not have. A word that stands for any command (`COMMAND`, `${name}`) is passed over. */
function faultsOf(root: CommandUnknownOpts, words: readonly string[]): string[] {
  let command = root
  let path = ''
  let rest = [...words]
  while (command.commands.length > 0) {
    const [first = ''] = rest
    const word = first.replace(/[),.:]+$/, '')
    if (/^[^a-z-]/.test(word)) return []
    if (word === '' || word.startsWith('-')) break
    path = `${path} ${word}`.trim()
    const found = command.commands.find((each) => each.name() === word || each.aliases().includes(word))
    if (found === undefined) return [path]
    command = found
    rest = rest.slice(1)
  }
  const known = new Set(['-h', '--help', '-V', '--version', '--', ...optionsOf(command)])
  return rest
    .map((word) => /^--?[a-z][a-z-]*/i.exec(word)?.[0] ?? '')
    .filter((option) => option !== '' && !known.has(option))
    .map((option) => `${path} ${option}`)
}

function optionsOf(command: CommandUnknownOpts): string[] {
  return command.options.flatMap(({ long, short }) => [long ?? '', short ?? '']).filter((name) => name !== '')
}

function optionsBelow(command: CommandUnknownOpts): Set<string> {
  const below = command.commands.flatMap((each) => [...optionsBelow(each)])
  return new Set(['--help', ...optionsOf(command), ...below])
}

function helpBelow(command: CommandUnknownOpts): string[] {
  let text = ''
  command.configureOutput({ writeOut: (part) => void (text += part) })
  command.outputHelp()
  return [...text.split('\n'), ...command.commands.flatMap(helpBelow)]
}
