import { Presets, SingleBar } from 'cli-progress'
import { printHint } from './print.ts'

/** Shows how far the work is: a bar on a terminal, now and then a line elsewhere. Always on stderr. */
export interface Progress {
  update(this: void, done: number, remark: string): void
  /** Puts a line above the bar. */
  say(this: void, line: string): void
  /** Takes the bar away; the last state stays as a line where there is no bar. */
  stop(): void
}

const LINE_EVERY_MS = 3000

/**
 * @param title what is being done, as a word: `archiving`
 * @param total how much there is to do; `percent` where nobody knows, and what is done is told as a share of all
 */
export function createProgress(title: string, total: number | 'percent'): Progress {
  return process.stderr.isTTY ? createBar(title, total) : createLines(title, total)
}

/** For output that is read by programs. */
export const NO_PROGRESS: Progress = {
  update: () => undefined,
  say: printHint,
  stop: () => undefined,
}

function createBar(title: string, of: number | 'percent'): Progress {
  const [total, state] = of === 'percent' ? [100, '{value} %'] : [of, '{value}/{total}']
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: `${title} {bar} ${state}  {remark}`,
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      linewrap: false,
      fps: 8,
    },
    Presets.shades_classic,
  )
  bar.start(total, 0, { remark: '' })
  return {
    update: (done, remark) => bar.update(done, { remark }),
    say(line) {
      bar.stop()
      printHint(line)
      bar.start(total, bar.getProgress() * total, { remark: '' })
    },
    stop: () => bar.stop(),
  }
}

function createLines(title: string, of: number | 'percent'): Progress {
  let latest = ''
  let printed = ''
  let printedMs = Date.now()
  const print = (): void => {
    if (latest === printed) return
    printHint(latest)
    printed = latest
    printedMs = Date.now()
  }
  return {
    update(done, remark) {
      const state = of === 'percent' ? `${done} %` : `${done}/${of}`
      latest = `${title} ${state}${remark === '' ? '' : `  ${remark}`}`
      if (Date.now() - printedMs >= LINE_EVERY_MS) print()
    },
    say: printHint,
    stop: print,
  }
}
