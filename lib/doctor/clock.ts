import { type Finding, noteFor } from './finding.ts'

/** What a server's `Date` header said, and when (by this machine's clock) the answer came. */
export interface ServerTime {
  readonly server: string
  readonly date: string | undefined
  readonly receivedMs: number
}

const WARN_MS = 60_000
const FAIL_MS = 300_000
const note = noteFor('clock')

/**
 * | difference | level |
 * | ---------- | ----- |
 * | ≤ 60 s     | ok    |
 * | ≤ 5 min    | warn  |
 * | > 5 min    | fail  |
 *
 * `Date` has whole seconds (RFC 9110, 6.6.1). AWS refuses signatures that are more than 15 minutes off.
 */
export function judgeClock({ server, date, receivedMs }: ServerTime): Finding {
  const check = `clock.${server.toLowerCase()}`
  const serverMs = date === undefined ? Number.NaN : Date.parse(date)
  if (Number.isNaN(serverMs))
    return note.unknown(
      check,
      `cannot tell the clock of ${server}: it sent no Date`,
      'a skewed clock makes AWS refuse requests and retention end at the wrong moment',
      'compare this clock with another one: date -u',
    )
  const skewMs = receivedMs - serverMs
  const size = `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs < 0 ? 'behind' : 'ahead of'} ${server}`
  if (Math.abs(skewMs) <= WARN_MS) return note.ok(check, `this clock agrees with ${server} within a minute`)
  const judge = Math.abs(skewMs) <= FAIL_MS ? note.warn : note.fail
  return judge(
    check,
    `this clock is ${size}`,
    'links and signatures expire by the clock: AWS refuses requests that are 15 minutes off',
    'set this clock by NTP: sudo timedatectl set-ntp true',
  )
}
