import pLimit from 'p-limit'

/** Runs a transfer as soon as there is room for it. */
export type TakeTurn = <T>(transfer: () => Promise<T>) => Promise<T>

/** The order in which a batch's recordings are worked on. */
export interface Turns {
  /** Runs the work on one recording, which may take one turn for its transfer. */
  run<T>(work: (takeTurn: TakeTurn) => Promise<T>): Promise<T>
}

/**
 * `concurrency` transfers at once, and meanwhile the look-ups of as many recordings that come next: when there is room
 * for one of them, its metadata is here. A look-up's place is given up when its transfer begins.
 */
export function createTurns(concurrency: number): Turns {
  const lookUps = pLimit(concurrency)
  const transfers = pLimit(concurrency)
  return {
    async run(work) {
      const begun = Promise.withResolvers<void>()
      const takeTurn: TakeTurn = (transfer) =>
        transfers(() => {
          begun.resolve()
          return transfer()
        })
      const { over } = await lookUps(async () => {
        const working = work(takeTurn)
        await Promise.race([working, begun.promise])
        return { over: working }
      })
      return await over
    },
  }
}
