import type { Job } from './variant.ts'

/** Names that the benchmark uses where a deployment has its own. */
export const WORKSPACE = '8bc02f53-87ac-48d2-b4fd-c2cf856a305f'
export const BUCKET = 'bench-archive'

const NO_LIMIT = 1_000_000

/** AWS's own variables for a store that is on this machine. */
export function awsEnvironment({ cloud }: Job): Record<string, string> {
  const s3 = `${cloud.scheme}://127.0.0.1:${cloud.ports.s3}`
  return {
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'bench-secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_SQS: s3,
  }
}

/** The whole environment of a function, as its deployment would set it. */
export function lambdaEnvironment(job: Job): Record<string, string> {
  const { cloud, workload, tools } = job
  const origin = (port: number): string => `${cloud.scheme}://127.0.0.1:${port}`
  return {
    ...awsEnvironment(job),
    BIRD_API_URL: origin(cloud.ports.api),
    BIRD_WORKSPACE_ID: WORKSPACE,
    BIRD_ACCESS_KEY: 'bench-access-key',
    MEDIA_ORIGINS: origin(cloud.ports.media),
    ARCHIVE_BUCKET: BUCKET,
    QUEUE_URL: `${origin(cloud.ports.s3)}/000000000000/queue`,
    DEAD_LETTER_QUEUE_URL: `${origin(cloud.ports.s3)}/000000000000/dead`,
    S3_FORCE_PATH_STYLE: 'true',
    CONCURRENCY: '16',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(workload.memoryMb),
    LOG_LEVEL: 'info',
    ...(workload.tls && { NODE_EXTRA_CA_CERTS: tools.certificate.certificateFile }),
    BIRD_REQUESTS_PER_SECOND: String(workload.getsPerSecond === 0 ? NO_LIMIT : workload.getsPerSecond),
  }
}
