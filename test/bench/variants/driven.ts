import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DrivePlan, DriveResult, PhaseResult } from '../drive-plan.ts'
import { lambdaEnvironment } from './lambda-environment.ts'
import { type Cost, costOf, type Job } from './variant.ts'

/** The event source mapping's batch size. */
const BATCH_SIZE = 20
/** The queue's `maxReceiveCount`. */
const MAX_RECEIVES = 5
/** How many recordings a process has behind it that counts as just started. */
const FIRST = 10
const EARLY = 200

/** Runs a function's bundle in a process that lives on, as Lambda keeps one. */
export async function runBundle(bundle: string, job: Job): Promise<Cost> {
  const { ids, warmUp, tools, measure, directory } = job
  const planFile = join(directory, 'plan.json')
  const resultFile = join(directory, 'result.json')
  const plan: DrivePlan = {
    bundle,
    resultFile,
    batchSize: BATCH_SIZE,
    maxReceives: MAX_RECEIVES,
    phases: [
      { name: 'first', ids: warmUp.slice(0, FIRST) },
      { name: 'early', ids: warmUp.slice(FIRST, EARLY) },
      { name: 'warm-up', ids: warmUp.slice(EARLY) },
      { name: 'measured', ids },
    ].filter((phase) => phase.ids.length > 0),
  }
  writeFileSync(planFile, JSON.stringify(plan))
  const usage = await measure([process.execPath, tools.driver, planFile], lambdaEnvironment(job))
  const whole = costOf(usage)
  if (whole.problem !== undefined || !existsSync(resultFile)) return whole
  const drive = JSON.parse(readFileSync(resultFile, 'utf8')) as DriveResult
  const measured = drive.phases.at(-1) as PhaseResult
  return {
    userSeconds: measured.userMs / 1000,
    systemSeconds: measured.systemMs / 1000,
    wallSeconds: measured.wallMs / 1000,
    maxRssKb: usage.maxRssKb,
    problem: undefined,
    drive,
  }
}
