import { composeBackfillFunction } from '../lib/compose-backfill.ts'

/** A schedule's event in (`{"sweep": "recent", "days": 3}`), how far the sweep came out. */
export const handler = composeBackfillFunction(process.env)
