import { systemClock } from './deadline.ts'
import { ConfigurationError, describeError } from './errors.ts'
import { createJsonLog, type Log, writeLine } from './log.ts'

/**
 * Wires a deployed function at its first event, so that a fault in the environment is logged with every mend.
 * @throws what `wire` throws: Lambda then counts an error
 */
export function wireOrExplain<T>(
  wire: () => T,
  log: Log = createJsonLog(writeLine, 'error', systemClock.now),
): T {
  try {
    return wire()
  } catch (error) {
    const faults = error instanceof ConfigurationError ? error.faults : [describeError(error)]
    log.event('configuration.fault', { faults })
    throw error
  }
}
