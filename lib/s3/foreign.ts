import type { S3Client } from '@aws-sdk/client-s3'

/**
 * Whether the SDK is told (by AWS_ENDPOINT_URL_S3 or its like) to talk to some other store than S3. Unknown counts as
 * elsewhere: that costs a request, the opposite might cost evidence.
 */
export async function isConfiguredElsewhere(client: S3Client): Promise<boolean> {
  try {
    return (
      (await client.config.serviceConfiguredEndpoint?.()) !== undefined ||
      client.config.isCustomEndpoint !== false
    )
  } catch {
    return true
  }
}
