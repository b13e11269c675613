import {
  GetSecretValueCommand,
  SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager'
import { type AccessKeySource, fixedAccessKey, secretAccessKey } from './bird/access-key.ts'
import type { Config } from './config.ts'
import { ConfigurationError, describeError } from './errors.ts'

const SECRET_MS = 5_000

/** The key from the environment, or from Secrets Manager. */
export function accessKeyFrom({ accessKey }: Config): AccessKeySource {
  if ('value' in accessKey) return fixedAccessKey(accessKey.value)
  const client = new SecretsManagerClient()
  return secretAccessKey(async () => {
    try {
      const { SecretString } = await client.send(
        new GetSecretValueCommand({ SecretId: accessKey.secretId }),
        // One reading serves all recordings, so it is under nobody's signal; a subnet without a way out never answers.
        { abortSignal: AbortSignal.timeout(SECRET_MS) },
      )
      return SecretString ?? ''
    } catch (cause) {
      throw new ConfigurationError(
        [`the secret behind BIRD_ACCESS_KEY_SECRET cannot be read: ${explain(cause)}`],
        { cause },
      )
    }
  })
}

/** Of what AWS says only the name: its message repeats what was asked for, which may be the key itself, put there by mistake. */
function explain(cause: unknown): string {
  if (!(cause instanceof SecretsManagerServiceException)) return describeError(cause)
  return `${cause.name}: it must be the name or ARN of a secret of this region, never the key itself, and the role needs secretsmanager:GetSecretValue (and kms:Decrypt)`
}
