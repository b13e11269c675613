import pLimit from 'p-limit'

/**
 * Works on items side by side and gives the results in the order of the items, so that whoever stops knows that everything
 * before is done. No more than `ahead` items are held that have not been given yet; whatever was begun has ended when this
 * has ended, also after an error.
 * @param atOnce how many are worked on at the same time
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  { atOnce, ahead }: { readonly atOnce: number; readonly ahead: number },
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const limit = pLimit({ concurrency: atOnce, rejectOnClear: true })
  const begun: Promise<R>[] = []
  try {
    for await (const item of items) {
      const result = limit(() => work(item))
      // Its failure is met when its turn comes.
      result.catch(() => undefined)
      begun.push(result)
      if (begun.length >= ahead) yield await (begun.shift() as Promise<R>)
    }
    while (begun.length > 0) yield await (begun.shift() as Promise<R>)
  } finally {
    limit.clearQueue()
    await Promise.allSettled(begun)
  }
}
