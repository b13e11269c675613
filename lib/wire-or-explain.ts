import { explainFailure } from './archive/explain.ts'
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
    log.event('configuration.fault', { faults: explainFault(error) })
    throw error
  }
}

/** What a person has to mend, each fault with its mend, whatever was thrown. */
export function explainFault(error: unknown): readonly string[] {
  if (error instanceof ConfigurationError) return error.faults
  const outcome = explainFailure(error)
  return ['detail' in outcome ? outcome.detail : describeError(error)]
}
