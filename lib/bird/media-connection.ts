import type { Landing } from '../landing.ts'
import type { BirdLimits } from './client.ts'
import { createFraming, type Framing } from './http-framing.ts'
import { findHeadEnd, parseHead } from './http-head.ts'
import { beginExchange, type Exchange, type Incoming } from './media-exchange.ts'
import { dial } from './media-socket.ts'
import { createScratch } from './scratch.ts'

/** One HTTP/1.1 connection, a request at a time. */
export interface Connection {
  /**
   * Sends a GET; resolves as soon as the head of the answer is there.
   * @param target path and query
   * @throws the signal's reason; a TimeoutError; an Error that says what else went wrong
   */
  get(target: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Incoming>
  destroy(): void
}

/** What becomes of a connection, told to whoever keeps it. */
export interface ConnectionEvents {
  /** The answer is over, and another request may be sent. */
  free(): void
  /** It is of no use any more. */
  gone(): void
}

const MAX_HEAD_BYTES = 32 * 1024
/** Read at a time at most. Fewer reads cost less: a third less CPU time per GB than reads of 64 KiB. */
const READ_BYTES = 4 * 1024 * 1024
/** Servers close idle connections; a connection is given up before they do. */
const KEEP_ALIVE_MS = 4_000

/**
 * Opens a connection that reads each body straight into the memory where it is wanted. Node's streams, and with them
 * every client that is built on them, allocate 64 KiB for each read and leave them to the garbage collector: that costs
 * more than digesting the bytes.
 */
export function openConnection(origin: URL, limits: BirdLimits, events: ConnectionEvents): Connection {
  const scratch = createScratch()
  let exchange: Exchange | undefined
  /** The next read goes straight into a landing; otherwise into the scratch. */
  let isDirect = false
  let timer: NodeJS.Timeout | undefined
  let send: (() => void) | undefined
  let isReady = false
  let isGone = false
  let hasEnded = false

  const mayRead = (): boolean =>
    exchange === undefined ||
    exchange.head === undefined ||
    (exchange.landing !== undefined && !exchange.isHeld)

  /** Neither held nor, by its own landing, given up. */
  const wantsMore = (current: Exchange): boolean => exchange === current && !current.isHeld

  const limit = (ms: number): NodeJS.Timeout => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (!isReady) fail(late('no connection'))
      else if (exchange === undefined) discard()
      else if (exchange.head === undefined) fail(late('no answer'))
      else if (mayRead()) fail(late('nothing more'))
      else limit(ms)
    }, ms)
    return timer
  }

  const discard = (): void => {
    clearTimeout(timer)
    socket.destroy()
    if (isGone) return
    isGone = true
    events.gone()
  }

  const fail = (error: unknown): void => {
    const failed = exchange
    exchange = undefined
    discard()
    failed?.letGo()
    failed?.answered.reject(error)
    failed?.received.reject(error)
  }

  const finish = (current: Exchange): void => {
    exchange = undefined
    current.letGo()
    // What comes behind a body is nobody's: such a connection can't be trusted with another.
    if (current.head?.keepAlive === true && scratch.bytes.length === 0 && !hasEnded) {
      limit(KEEP_ALIVE_MS).unref()
      socket.unref()
      events.free()
    } else discard()
    current.received.resolve()
  }

  /** Waits until the landing takes more. */
  const hold = (current: Exchange, taken: Promise<void> | undefined): void => {
    if (taken === undefined) return
    current.isHeld = true
    taken.then(
      () => {
        current.isHeld = false
        if (exchange !== current) return
        timer?.refresh()
        look()
        if (mayRead()) socket.resume()
      },
      (error: unknown) => {
        if (exchange === current) fail(error)
      },
    )
  }

  const readHead = (current: Exchange): void => {
    for (;;) {
      const { bytes } = scratch
      const length = findHeadEnd(bytes)
      if (length === -1 && bytes.length <= MAX_HEAD_BYTES) return
      if (length === -1) throw new Error('the head of the answer is too long')
      const head = parseHead(bytes.toString('latin1', 0, length))
      if (typeof head === 'string') throw new Error(`the answer is not understood: ${head}`)
      scratch.take(length)
      // A 1xx comes before the answer (RFC 9110, 15.2).
      if (head.status < 200) continue
      current.head = head
      current.framing = createFraming(head.framing)
      current.answered.resolve({
        ...head,
        receive(landing) {
          current.landing = landing
          if (exchange === current) {
            limit(limits.idleMs)
            look()
            if (mayRead()) socket.resume()
          }
          return current.received.promise
        },
        close() {
          if (exchange === current) fail(new Error('let go of'))
        },
      })
      return
    }
  }

  /** Hands on what lies in the scratch, as far as it is wanted. */
  const drain = (current: Exchange, framing: Framing, landing: Landing): void => {
    while (wantsMore(current)) {
      scratch.take(framing.readFraming(scratch.bytes))
      const { bytes } = scratch
      if (framing.isOver || bytes.length === 0) break
      const room = landing.room()
      if (room.length === 0) throw new Error('more came than there is room for')
      const count = bytes.copy(room, 0, 0, framing.nextBytes)
      scratch.take(count)
      framing.pass(count)
      hold(current, landing.landed(count))
    }
    if (!wantsMore(current)) return
    if (framing.isOver || (hasEnded && framing.endsWithConnection)) finish(current)
    else if (hasEnded) throw new Error('the connection was closed before the body had ended')
  }

  const look = (): void => {
    try {
      if (exchange === undefined) throw new Error('the server speaks unasked')
      if (exchange.head === undefined) readHead(exchange)
      const { head, framing, landing } = exchange
      if (framing !== undefined && landing !== undefined) drain(exchange, framing, landing)
      else if (hasEnded && head === undefined) throw new Error('the connection was closed before the answer')
    } catch (error) {
      fail(error)
    }
  }

  /** Says where the next read goes; asked before each. */
  const nextRoom = (): Buffer => {
    const { framing, landing } = exchange ?? {}
    const isBody = framing !== undefined && landing !== undefined && mayRead() && framing.nextBytes > 0
    const room =
      isBody && scratch.bytes.length === 0
        ? landing.room().subarray(0, Math.min(framing.nextBytes, READ_BYTES))
        : undefined
    isDirect = room !== undefined && room.length > 0
    return isDirect && room !== undefined ? room : scratch.room()
  }

  const land = (bytes: number): boolean => {
    const current = exchange
    const { head, framing, landing } = current ?? {}
    // A head has one limit, however many pieces it comes in.
    if (head !== undefined) timer?.refresh()
    try {
      if (isDirect && current !== undefined && framing !== undefined && landing !== undefined) {
        framing.pass(bytes)
        hold(current, landing.landed(bytes))
        if (framing.isOver && wantsMore(current)) finish(current)
      } else {
        scratch.came(bytes)
        look()
      }
    } catch (error) {
      fail(error)
    }
    return mayRead()
  }

  const socket = dial(origin, { buffer: nextRoom, callback: land })
  socket.on(origin.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
    isReady = true
    send?.()
  })
  socket.on('error', fail)
  socket.on('end', () => {
    hasEnded = true
    if (exchange === undefined) discard()
    else look()
  })
  socket.on('close', () => {
    // What came before an orderly end can still be had: TLS hands it over, and the end, before anybody asks for it.
    if (!hasEnded || mayRead()) fail(new Error('the connection was closed'))
  })
  limit(limits.connectMs)

  return {
    async get(target, headers, signal) {
      signal.throwIfAborted()
      const started = beginExchange(signal, fail)
      exchange = started
      const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      send = () => {
        socket.ref()
        limit(limits.headersMs)
        socket.write(`GET ${target} HTTP/1.1\r\nhost: ${origin.host}\r\n${fields.join('')}\r\n`, 'latin1')
      }
      if (isReady) send()
      return await started.answered.promise
    },
    destroy: () => fail(new Error('let go of')),
  }
}

function late(what: string): Error {
  return new DOMException(`${what} within the time limit`, 'TimeoutError')
}
