import type { ResponseHead } from './http-head.ts'

/** Tells a body's bytes from those that frame it. */
export interface Framing {
  /**
   * Reads the framing with which these bytes begin, as far as it is there; each byte is to be shown once.
   * @returns how many bytes it has: there the body goes on
   * @throws Error if the framing is broken
   */
  readFraming(bytes: Buffer): number
  /** Bytes of the body that come next, with no framing between them. */
  readonly nextBytes: number
  /** Says that so many of them came. */
  pass(bytes: number): void
  readonly isOver: boolean
  /** The end of the connection is the end of the body; otherwise it breaks the body off. */
  readonly endsWithConnection: boolean
}

/** Source: RFC 9112, 6.3. */
export function createFraming(framing: ResponseHead['framing']): Framing {
  return framing === 'chunked'
    ? createChunked()
    : createPlain(framing === 'until-close' ? undefined : framing)
}

function createPlain(declaredBytes: number | undefined): Framing {
  let missing = declaredBytes ?? Number.MAX_SAFE_INTEGER
  return {
    readFraming: () => 0,
    get nextBytes() {
      return missing
    },
    pass(bytes) {
      missing -= bytes
    },
    get isOver() {
      return missing === 0
    },
    endsWithConnection: declaredBytes === undefined,
  }
}

const LINE_FEED = 10
/** A size with its extensions, or a line of the trailer; nobody needs more. */
const MAX_LINE_BYTES = 4096
const SIZE_LINE = /^([0-9a-f]{1,12})[ \t]*(?:;[^\r\n]*)?\r\n$/i

/** Source: RFC 9112, 7.1. Extensions and trailers say nothing that matters here. */
function createChunked(): Framing {
  let state: 'size' | 'data' | 'data-end' | 'trailer' | 'over' = 'size'
  let missing = 0
  let line = ''

  const endLine = (text: string): void => {
    if (state === 'data-end') {
      if (text !== '\r\n') throw new Error('a chunk is longer than it says')
      state = 'size'
    } else if (state === 'size') {
      const digits = SIZE_LINE.exec(text)?.[1]
      if (digits === undefined) throw new Error('a chunk does not say how long it is')
      missing = Number.parseInt(digits, 16)
      state = missing === 0 ? 'trailer' : 'data'
    } else if (text === '\r\n') state = 'over'
  }

  return {
    readFraming(bytes) {
      let at = 0
      const isBetween = (): boolean => state !== 'data' && state !== 'over'
      while (at < bytes.length && isBetween()) {
        const feed = bytes.indexOf(LINE_FEED, at)
        const lineEnd = feed === -1 ? bytes.length : feed + 1
        line += bytes.toString('latin1', at, lineEnd)
        at = lineEnd
        if (line.length > MAX_LINE_BYTES) throw new Error('a line between two chunks is too long')
        if (line.endsWith('\n')) {
          const text = line
          line = ''
          endLine(text)
        }
      }
      return at
    },
    get nextBytes() {
      return state === 'data' ? missing : 0
    },
    pass(bytes) {
      missing -= bytes
      if (missing === 0) state = 'data-end'
    },
    get isOver() {
      return state === 'over'
    },
    endsWithConnection: false,
  }
}
