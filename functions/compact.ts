import { composeCompactFunction } from '../lib/compose-compact.ts'

/** A schedule's event in (`{"compact": "all"}`), how many days were put together out. */
export const handler = composeCompactFunction(process.env)
