import { bash, runOneByOne } from './one-by-one.ts'
import type { Job, Variant } from './variant.ts'

const needs = { command: 'rclone', package: 'rclone' }
/** A remote that the environment describes. */
const REMOTE = ':s3:'

/** rclone fetches and stores by itself. */
export const rclone: Variant = {
  name: 'rclone',
  title: 'rclone copyurl, a process a recording, no digest taken',
  needs,
  kind: 'tool',
  runsOn: ({ oneByOne }) => oneByOne > 0,
  run: (job) =>
    runOneByOne(job, ['rclone', 'copyurl', ...trust(job)], {
      environment: rcloneEnvironment(job),
      prefix: REMOTE,
    }),
}

/** What people do who have the audio on a pipe. */
export const rcloneRcat: Variant = {
  name: 'rcat',
  title: 'curl | rclone rcat, a pair of processes a recording',
  needs,
  kind: 'tool',
  runsOn: ({ name }) => name === 'large' || name === 'huge',
  run: (job) =>
    runOneByOne(job, bash('curl -sSf "$0" | rclone rcat "$1"'), {
      environment: rcloneEnvironment(job),
      prefix: REMOTE,
    }),
}

function trust({ workload, tools }: Job): string[] {
  return workload.tls ? ['--ca-cert', tools.certificate.certificateFile] : []
}

function rcloneEnvironment({ cloud }: Job): Record<string, string> {
  return {
    // There is no such file, and so no remote of the user's that could be meant.
    RCLONE_CONFIG: '/nowhere/rclone.conf',
    RCLONE_S3_PROVIDER: 'Other',
    RCLONE_S3_ENV_AUTH: 'true',
    RCLONE_S3_REGION: 'eu-west-1',
    RCLONE_S3_ENDPOINT: `${cloud.scheme}://127.0.0.1:${cloud.ports.s3}`,
    RCLONE_S3_NO_CHECK_BUCKET: 'true',
  }
}
