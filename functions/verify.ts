import { composeVerifyFunction } from '../lib/compose-verify.ts'

/** A schedule's event in (`{"verify": "sample", "sample": 300}` or `{"verify": "all"}`), what was found out. */
export const handler = composeVerifyFunction(process.env)
