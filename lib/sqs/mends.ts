import { SQSServiceException } from '@aws-sdk/client-sqs'
import { ConfigurationError } from '../errors.ts'

/** Which of the two queues a request is for, by the variable that names it. */
export type QueueVariable = 'QUEUE_URL' | 'DEAD_LETTER_QUEUE_URL'

/** What a person has to mend, by the name of SQS's error. */
const MENDS: Readonly<Record<string, string>> = {
  InvalidClientTokenId: 'the AWS access key is unknown',
  UnrecognizedClientException: 'the AWS access key is unknown',
  InvalidSignatureException: 'the AWS secret key is wrong',
  SignatureDoesNotMatch: 'the AWS secret key is wrong',
  ExpiredToken: 'the AWS credentials have expired: sign in again',
  CredentialsProviderError: 'there are no AWS credentials: set AWS_PROFILE, or sign in',
}

/**
 * Gives a failed request its place: a {@link ConfigurationError} where only a person can mend it, else undefined.
 * @param right what the request needs, such as `sqs:SendMessage`
 */
export function findQueueFault(
  error: unknown,
  queue: QueueVariable,
  right: string,
): ConfigurationError | undefined {
  if (!(error instanceof Error)) return undefined
  const mend = mendOf(error.name, queue, right)
  if (mend !== undefined)
    return new ConfigurationError([`SQS refuses (${error.name}): ${mend}`], { cause: error })
  if (!(error instanceof SQSServiceException) && /region is missing/i.test(error.message))
    return new ConfigurationError(["AWS_REGION is not set: it is the queue's region"], { cause: error })
  return undefined
}

function mendOf(name: string, queue: QueueVariable, right: string): string | undefined {
  switch (name) {
    case 'QueueDoesNotExist':
    case 'AWS.SimpleQueueService.NonExistentQueue':
      return `${queue} names a queue that does not exist (in this region and account)`
    case 'InvalidAddress':
      return `${queue} is not the URL of a queue`
    case 'AccessDenied':
    case 'AccessDeniedException':
      return `these AWS credentials lack a right on the queue of ${queue}: they need ${right}`
    case 'KmsAccessDenied':
      return `these AWS credentials may not use the key of the queue of ${queue}: they need kms:Decrypt and kms:GenerateDataKey`
    default:
      return MENDS[name]
  }
}
