import { API_BREAKS } from './api-breaks.ts'
import { API_CLAIMS } from './api-claims.ts'
import { BUCKET_CLAIMS } from './bucket-claims.ts'
import { type Break, BREAKS } from './breaks.ts'
import { CLAIMS } from './claims.ts'
import { SEARCH_BREAKS } from './search-breaks.ts'
import { SEARCH_CLAIMS } from './search-claims.ts'
import { SWEEP_BREAKS } from './sweep-breaks.ts'
import { SWEEP_CLAIMS } from './sweep-claims.ts'
import { VERIFY_BREAKS } from './verify-breaks.ts'
import { VERIFY_CLAIMS } from './verify-claims.ts'

/** What must hold of the packaged template, of every function. */
export const ALL_CLAIMS = {
  ...CLAIMS,
  ...BUCKET_CLAIMS,
  ...SWEEP_CLAIMS,
  ...VERIFY_CLAIMS,
  ...SEARCH_CLAIMS,
  ...API_CLAIMS,
}

/** What is put wrong to see that each is noticed. */
export const ALL_BREAKS: readonly Break[] = [
  ...BREAKS,
  ...SWEEP_BREAKS,
  ...VERIFY_BREAKS,
  ...SEARCH_BREAKS,
  ...API_BREAKS,
]
