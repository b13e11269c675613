import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { awsEnvironment, BUCKET, WORKSPACE } from './lambda-environment.ts'
import { type Cost, costOf, type Job } from './variant.ts'

/**
 * Runs a command once for each recording, as many at a time as the workload says, on links that lead to the audio
 * itself: what there is to know of a recording, and the redirect, such tools leave to others.
 *
 * @param command gets two more arguments, the link and the object, which is `bucket/key` behind a prefix
 */
export async function runOneByOne(
  job: Job,
  command: readonly string[],
  { environment = {}, prefix = '' }: { environment?: Record<string, string>; prefix?: string } = {},
): Promise<Cost> {
  const { ids, cloud, workload, measure, directory } = job
  const media = `${cloud.scheme}://127.0.0.1:${cloud.ports.media}`
  const listFile = join(directory, 'list.txt')
  const lines = ids.map(
    (id) => `${media}/recordings/${id}.mp3 ${prefix}${BUCKET}/recordings/${WORKSPACE}/${id}.mp3`,
  )
  writeFileSync(listFile, `${lines.join('\n')}\n`)
  const xargs = ['xargs', '-a', listFile, '-P', String(workload.atOnce), '-n', '2']
  return costOf(await measure([...xargs, ...command], { ...awsEnvironment(job), ...environment }))
}

/** A shell script as a command, its two arguments being `$0` and `$1`; any failure of a pipe's part is one of all. */
export function bash(script: string): readonly string[] {
  return ['bash', '-c', `set -eo pipefail; ${script}`]
}
