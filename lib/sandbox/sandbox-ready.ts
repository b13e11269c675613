/** What somebody needs to use the sandbox; all of it may be printed as JSON, for nothing in it is worth stealing. */
export interface SandboxReady {
  readonly s3: {
    readonly endpoint: string
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly region: string
    readonly bucket: string
  }
  readonly sqs: { readonly endpoint: string; readonly queueUrl: string; readonly deadLetterQueueUrl: string }
  readonly bird: { readonly url: string; readonly workspaceId: string; readonly accessKey: string }
  /** The HTTP API; undefined where none is kept up. */
  readonly api?: { readonly url: string }
  /** The whole environment that the deployed functions need. */
  readonly env: Readonly<Record<string, string>>
}

/** The environment of functions that work against this sandbox, with retention if the bucket has Object Lock. */
export function buildEnvironment(
  ready: Omit<SandboxReady, 'env'>,
  objectLock: boolean,
): Record<string, string> {
  const { s3, sqs, bird } = ready
  return {
    BIRD_API_URL: bird.url,
    BIRD_WORKSPACE_ID: bird.workspaceId,
    BIRD_ACCESS_KEY: bird.accessKey,
    ARCHIVE_BUCKET: s3.bucket,
    QUEUE_URL: sqs.queueUrl,
    DEAD_LETTER_QUEUE_URL: sqs.deadLetterQueueUrl,
    MEDIA_ORIGINS: new URL(s3.endpoint).origin,
    CONCURRENCY: '16',
    ...(objectLock && { RETENTION_MODE: 'GOVERNANCE', RETENTION_DAYS: '365' }),
    S3_FORCE_PATH_STYLE: 'true',
    AWS_REGION: s3.region,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
}
