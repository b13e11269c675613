import { composeArchiveFunction } from '../lib/compose.ts'

/** SQS event in, `{batchItemFailures}` out. */
export const handler = composeArchiveFunction(process.env)
