import { count, formatBytes, printHint, printJson } from '../print.ts'
import { createProgress, NO_PROGRESS, type Progress } from '../progress.ts'
import type { DemoPlan } from './plan.ts'
import type { Tally } from './tally.ts'

/** What is seen while the demo runs: progress on stderr for people, or lines of JSON on stdout. */
export interface DemoScreen {
  making(made: number, total: number): void
  /** The messages are sent. */
  announced(plan: DemoPlan): void
  archiving(tally: Tally, deadLetters: number, plan: DemoPlan): void
  checking(): void
  sweeping(done: number, days: number): void
  say(line: string): void
  /** Everything that was shown, for the search for secrets. */
  shown(): readonly string[]
  close(): void
}

const JSON_EVERY_MS = 1000

export function openScreen(json: boolean): DemoScreen {
  const shown: string[] = []
  let progress: Progress = NO_PROGRESS
  let stage = ''
  let jsonMs = 0
  let latest = ''
  const enter = (next: string, total: number): void => {
    if (stage === next) return
    progress.stop()
    stage = next
    progress = json ? NO_PROGRESS : createProgress(next, total)
  }
  const say = (line: string): void => {
    shown.push(line)
    progress.stop()
    stage = ''
    if (json) printJson({ note: line })
    else printHint(line)
  }
  const report = (facts: object): void => {
    if (!json || Date.now() - jsonMs < JSON_EVERY_MS) return
    const line = JSON.stringify(facts)
    if (line === latest) return
    latest = line
    jsonMs = Date.now()
    printJson({ progress: facts })
    shown.push(line)
  }
  return {
    making(made, total) {
      enter('making recordings', total)
      progress.update(made, '')
      report({ making: made, total })
    },
    announced(plan) {
      const [messages, recordings] = [
        count(plan.deliveries.length, 'message'),
        count(plan.calls.length, 'recording'),
      ]
      say(`${messages} for ${recordings} go into the queue, and the function starts.`)
    },
    archiving(tally, deadLetters, plan) {
      enter('archiving', plan.deliveries.length)
      // Each message ends in one of these; after a crash some are delivered more often.
      const ended = tally.archived.size + tally.repeats + tally.skipped.size + deadLetters
      const remark = [
        formatBytes(tally.bytes),
        `${tally.archived.size} archived`,
        `${tally.skipped.size} skipped`,
        `${tally.waiting.size} waiting`,
        `${tally.failing.size} failing`,
        count(deadLetters, 'dead letter'),
      ].join(' · ')
      shown.push(remark)
      progress.update(Math.min(ended, plan.deliveries.length), remark)
      report({
        archived: tally.archived.size,
        alreadyArchived: tally.alreadyArchived.size,
        nothingToArchive: tally.skipped.size,
        waiting: tally.waiting.size,
        failing: tally.failing.size,
        deadLetters,
        bytes: tally.bytes,
      })
    },
    checking() {
      say('Everything has come to its end; now it is checked from outside.')
    },
    sweeping(done, days) {
      enter('sweeping', days)
      progress.update(done, 'days')
      report({ sweeping: done, days })
    },
    say,
    shown: () => shown,
    close: () => progress.stop(),
  }
}
