/** The head of an HTTP/1.1 response, and how the end of its body is told. */
export interface ResponseHead {
  readonly status: number
  /** By lower-case name; of a name that comes twice, the values joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  /** Bytes of the body; 'chunked', or 'until-close' where nothing but the connection's end tells. */
  readonly framing: number | 'chunked' | 'until-close'
  /** The connection may carry another request afterwards. */
  readonly keepAlive: boolean
}

const HEAD_END = Buffer.from('\r\n\r\n')
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: [^\r\n\0]*)?$/
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)$/

/** Index of the first byte behind the head; -1 while it is not all there. */
export function findHeadEnd(bytes: Buffer): number {
  const index = bytes.indexOf(HEAD_END)
  return index === -1 ? -1 : index + HEAD_END.length
}

/**
 * Reads a response's head, strictly: whatever could be read in two ways is refused, for the end of a body would then be
 * a matter of opinion. Returns the reason as text where it is none.
 * Source: RFC 9112, 4 (status line), 5 (field lines) and 6.3 (message body length).
 * @param text the head in latin1, with the empty line that ends it
 */
export function parseHead(text: string): ResponseHead | string {
  const [statusLine = '', ...lines] = text.slice(0, -HEAD_END.length).split('\r\n')
  const [, minor, digits] = STATUS_LINE.exec(statusLine) ?? []
  if (digits === undefined) return 'it does not begin like HTTP/1.1'
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  for (const line of lines) {
    const [, name = '', value = ''] = FIELD_LINE.exec(line) ?? []
    if (name === '') return 'it has a malformed header'
    const key = name.toLowerCase()
    const before = headers[key]
    const trimmed = trimBlanks(value)
    headers[key] = before === undefined ? trimmed : `${before}, ${trimmed}`
  }
  const status = Number(digits)
  const framing = framingOf(status, minor === '1', headers)
  if (framing === 'unclear') return 'the length of its body is not clear'
  if ('content-length' in headers) headers['content-length'] = String(framing)
  const connection = (headers['connection'] ?? '').toLowerCase()
  const keepAlive = minor === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection)
  return { status, headers, framing, keepAlive: keepAlive && framing !== 'until-close' }
}

function framingOf(
  status: number,
  mayBeChunked: boolean,
  headers: Readonly<Record<string, string>>,
): ResponseHead['framing'] | 'unclear' {
  if (status < 200 || status === 204 || status === 304) return 0
  const { 'transfer-encoding': encoding, 'content-length': length } = headers
  if (encoding !== undefined)
    return mayBeChunked && length === undefined && encoding.toLowerCase() === 'chunked'
      ? 'chunked'
      : 'unclear'
  if (length === undefined) return 'until-close'
  const lengths = new Set(length.split(',').map(trimBlanks))
  const [only = ''] = lengths
  return lengths.size === 1 && /^\d{1,15}$/.test(only) ? Number(only) : 'unclear'
}

/** Without a pattern: one that skips blanks at an end takes hours for a head that is made for it. */
function trimBlanks(text: string): string {
  const isBlank = (index: number): boolean => text[index] === ' ' || text[index] === '\t'
  let from = 0
  let to = text.length
  while (from < to && isBlank(from)) from += 1
  while (to > from && isBlank(to - 1)) to -= 1
  return text.slice(from, to)
}
