import { dirname, posix } from 'node:path'
import { parseAst } from 'vitest/node'

/** A module that a file names, wherever it does: `import`, `export … from`, `import()`, `import('…').Type`. */
export interface Import {
  line: number
  specifier: string
  /** Path from the repository's root when the specifier is relative. */
  target: string | undefined
  typeOnly: boolean
}

/** Something that a file mentions: a dotted name such as `process.env`, or one of the forms of {@link form}. */
export interface Use {
  line: number
  name: string
}

/** What the rules need to know about one source file. */
export interface Facts {
  path: string
  text: string
  imports: Import[]
  uses: Use[]
  classes: { line: number; name: string; base: string }[]
  defaultExports: number[]
  /** True when the file declares nothing and only passes on what others export. */
  barrel: boolean
}

interface Node {
  type: string
  start: number
  [key: string]: unknown
}

/** Reads one TypeScript or JavaScript source into facts; throws where it cannot be parsed. */
export function readFacts(path: string, text: string): Facts {
  const program = parseAst(text, { lang: path.endsWith('.js') ? 'js' : 'ts' }, path) as unknown as Node
  const statements = program['body'] as Node[]
  const facts: Facts = {
    path,
    text,
    imports: [],
    uses: [],
    classes: [],
    defaultExports: [],
    barrel: statements.every(passesOn) && statements.some(({ type }) => type.startsWith('Export')),
  }
  const aliases = builtinAliases(statements)
  visit(program, (node) => {
    const line = text.slice(0, node.start).split('\n').length
    const imported = importOf(node, path)
    if (imported) facts.imports.push({ line, ...imported })
    for (const name of namesIn(node, aliases)) facts.uses.push({ line, name })
    if (/^Class(Declaration|Expression)$/.test(node.type)) {
      facts.classes.push({
        line,
        name: dotted(node['id'], aliases) || '(anonymous)',
        base: dotted(node['superClass'], aliases),
      })
    }
    if (isDefaultExport(node)) facts.defaultExports.push(line)
  })
  return facts
}

function visit(node: Node, see: (node: Node) => void): void {
  see(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value])
      if (isNode(child)) visit(child, see)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function passesOn(statement: Node): boolean {
  if (statement.type === 'ImportDeclaration' || statement.type === 'ExportAllDeclaration') return true
  return statement.type === 'ExportNamedDeclaration' && !isNode(statement['declaration'])
}

function isDefaultExport(node: Node): boolean {
  if (node.type === 'ExportDefaultDeclaration') return true
  return node.type === 'ExportSpecifier' && nameOf(node['exported']) === 'default'
}

function importOf(node: Node, from: string): Omit<Import, 'line'> | undefined {
  if (!/^(Import(Declaration|Expression)|Export(Named|All)Declaration|TSImportType)$/.test(node.type))
    return undefined
  const source = node['source']
  if (!isNode(source)) return undefined
  const specifier = typeof source['value'] === 'string' ? source['value'] : '(computed)'
  return {
    specifier,
    target: specifier.startsWith('.') ? posix.join(dirname(from), specifier) : undefined,
    typeOnly: node.type === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type',
  }
}

/** Local names of whole built-in modules: `import clock from 'node:perf_hooks'` → clock: perf_hooks. */
function builtinAliases(statements: Node[]): Map<string, string> {
  const aliases = new Map<string, string>()
  for (const statement of statements) {
    for (const { specifier, module } of builtinSpecifiers(statement)) {
      if (specifier.type !== 'ImportSpecifier') aliases.set(nameOf(specifier['local']), module)
    }
  }
  return aliases
}

function builtinSpecifiers(node: Node): { specifier: Node; module: string }[] {
  if (node.type !== 'ImportDeclaration' || node['importKind'] === 'type') return []
  const module = /^(?:node:)?(process|console|crypto|perf_hooks)$/.exec(nameOf(node['source']))?.[1]
  return module ? (node['specifiers'] as Node[]).map((specifier) => ({ specifier, module })) : []
}

function namesIn(node: Node, aliases: Map<string, string>): string[] {
  const special = form(node)
  if (special) return [special]
  if (node.type === 'MemberExpression') return [dotted(node, aliases)]
  if (node.type === 'VariableDeclarator' && isNode(node['id']) && node['id'].type === 'ObjectPattern') {
    const owner = dotted(node['init'], aliases)
    return (node['id']['properties'] as Node[]).map((property) => `${owner}.${nameOf(property['key'])}`)
  }
  return builtinSpecifiers(node).map(({ specifier, module }) => `${module}.${nameOf(specifier['imported'])}`)
}

/** The constructs that are not a dotted name, each under the name that the rules know it by. */
function form(node: Node): string | undefined {
  const argumentList = (node['arguments'] ?? []) as Node[]
  const callee = isNode(node['callee']) ? nameOf(node['callee']) || nameOf(node['callee']['property']) : ''
  if (node.type === 'AwaitExpression' || node['await'] === true) return 'await'
  if (node['async'] === true) return 'async'
  if (node.type === 'Identifier' && /^Promise(Like)?$/.test(nameOf(node))) return 'Promise'
  if (node.type === 'NewExpression' && callee === 'Date' && argumentList.length === 0) return 'new Date()'
  if (node.type === 'CallExpression' && nameOf(node['callee']) === 'Date') return 'Date()'
  if (node.type === 'CallExpression' && /^writev?Sync$/.test(callee) && argumentList[0]?.['value'] === 1)
    return 'write to descriptor 1'
  if (node.type === 'Property' && nameOf(node['key']) === 'rejectUnauthorized') return 'rejectUnauthorized'
  return undefined
}

function dotted(node: unknown, aliases: Map<string, string>): string {
  if (!isNode(node)) return ''
  if (node.type !== 'MemberExpression') return aliases.get(nameOf(node)) ?? nameOf(node)
  return `${dotted(node['object'], aliases)}.${nameOf(node['property'])}`.replace(/^global(This)?\./, '')
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return ''
  const name = node['name'] ?? node['value']
  return typeof name === 'string' ? name : ''
}
