import { composeApiFunction } from '../lib/compose-api.ts'

/** A request of the HTTP API in (payload format 2.0), its answer out. */
export const handler = composeApiFunction(process.env)
