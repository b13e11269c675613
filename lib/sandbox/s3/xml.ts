import { S3Error } from './s3-error.ts'

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
}

// Control characters, but for tab and line feed, go out as references: a parser would refuse or change them.
const SPECIAL = /[&<>"]|(?![\t\n])\p{Cc}/gu

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** An element that was read: its text (of itself only) and its children in order. */
export interface XmlElement {
  name: string
  text: string
  children: XmlElement[]
}

/** What can stand in an element: text, or elements that are written already. */
export type XmlContent = string | number | boolean | undefined

/** Makes text safe to stand in an element. */
export function escapeXml(text: string): string {
  return text.replace(SPECIAL, (char) => ESCAPES[char] ?? `&#x${char.charCodeAt(0).toString(16)};`)
}

/** `<name>text</name>`, escaped; nothing at all when there is no value. */
export function textElement(name: string, value: XmlContent): string {
  return value === undefined ? '' : `<${name}>${escapeXml(String(value))}</${name}>`
}

/** `<name>…</name>` around elements that are written already. */
export function element(name: string, ...inner: string[]): string {
  return `<${name}>${inner.join('')}</${name}>`
}

/** A whole answer in S3's namespace. */
export function xmlDocument(name: string, ...inner: string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner.join('')}</${name}>`
}

/** The first child of that name. */
export function child(parent: XmlElement, name: string): XmlElement | undefined {
  return parent.children.find((one) => one.name === name)
}

/** The trimmed text of the first child of that name. */
export function childText(parent: XmlElement, name: string): string | undefined {
  return child(parent, name)?.text.trim()
}

function decodeText(text: string): string {
  return text.replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (_all, name: string) => {
    if (/^#x/i.test(name)) return String.fromCodePoint(Number.parseInt(name.slice(2), 16))
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)))
    const known = ENTITIES[name]
    if (known === undefined) throw new RangeError('unknown entity')
    return known
  })
}

const TOKEN =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([\w:.-]+)(?:\s+[^<>]*?)?(\/?)>|([^<]+)/y

/**
 * Reads a request's XML into a tree; attributes and namespaces are passed over, DTDs are refused.
 * @throws {S3Error} MalformedXML, also when the root has another name
 */
export function parseXml(source: string, rootName: string): XmlElement {
  try {
    return readTree(source.trim(), rootName)
  } catch (cause) {
    const refusal = new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    )
    refusal.cause = cause
    throw refusal
  }
}

function readTree(source: string, rootName: string): XmlElement {
  const top: XmlElement = { name: '', text: '', children: [] }
  const open = [top]
  TOKEN.lastIndex = 0
  for (let at = 0; at < source.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(source)
    const current = open.at(-1)
    if (!token || !current) throw new SyntaxError(`unreadable at ${at}`)
    const [, cdata, closing, qualified, empty, text] = token
    if (cdata !== undefined) current.text += cdata
    else if (text !== undefined) current.text += decodeText(text)
    else if (qualified === undefined) continue
    else if (closing) {
      if (open.length < 2 || current.name !== localName(qualified))
        throw new SyntaxError(`stray </${qualified}>`)
      open.pop()
    } else {
      const next: XmlElement = { name: localName(qualified), text: '', children: [] }
      current.children.push(next)
      if (!empty) open.push(next)
    }
  }
  const [root, ...others] = top.children
  if (open.length !== 1 || !root || others.length > 0 || root.name !== rootName)
    throw new SyntaxError(`not one <${rootName}>`)
  return root
}

function localName(qualified: string): string {
  return qualified.slice(qualified.indexOf(':') + 1)
}
