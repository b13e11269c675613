import { createProgress, type Progress } from './progress.ts'

/** Fewer objects are here before anybody has read that they are fetched. */
const MANY = 100

/** Shows on a terminal how far the catalog has been fetched; elsewhere, and where there is little to fetch, nothing. */
export interface FetchProgress {
  /** Takes what `onFetch` of the catalog tells. */
  update(this: void, done: number, total: number): void
  /** Another workspace is searched. Further pages of a search read what is here already, and are not shown. */
  begin(this: void): void
  /** Takes the bar away, if there is one. */
  end(this: void): void
}

export function createFetchProgress(): FetchProgress {
  let shown: Progress | undefined
  let isFirstPage = true
  const end = (): void => {
    shown?.stop()
    shown = undefined
  }
  return {
    update(done, total) {
      if (!isFirstPage || total < MANY || !process.stderr.isTTY) return
      shown ??= createProgress('fetching catalog objects', total)
      shown.update(done, '')
      if (done < total) return
      end()
      isFirstPage = false
    },
    begin() {
      isFirstPage = true
    },
    end,
  }
}
