import { EXIT } from './exit-codes.ts'

/** Ctrl-C, taken as a wish; disposing gives the signals back. */
export interface Signals extends Disposable {
  /** Aborted by the first signal. */
  readonly stopped: AbortSignal
  /** What to exit with; undefined while there was no signal. */
  exitCode(): number | undefined
}

/** Ctrl-C asks to come to an end; a second one, or SIGTERM, to end at once. A third is not waited for. */
export function watchSignals(actions: { onFirst: () => void; onSecond: () => void }): Signals {
  const controller = new AbortController()
  let exitCode: number | undefined
  let signals = 0
  const onSignal = (name: NodeJS.Signals): void => {
    signals += 1
    exitCode ??= name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
    controller.abort()
    if (signals > 2) process.exit(exitCode)
    if (signals > 1 || name !== 'SIGINT') actions.onSecond()
    else actions.onFirst()
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, onSignal)
  return {
    stopped: controller.signal,
    exitCode: () => exitCode,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, onSignal)
    },
  }
}
