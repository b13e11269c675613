import { ACCESS_LIMITS } from './access.ts'

/** A query parameter: what the OpenAPI document says of it, and all that the program takes. */
export interface Parameter {
  readonly description: string
  /** JSON Schema of one value. */
  readonly schema: Readonly<Record<string, unknown>>
  /** It may be given so often; once if not said. */
  readonly most?: number
  readonly example?: string
}

export type Parameters = Readonly<Record<string, Parameter>>

/** How many recordings a page has. */
export const PAGE = { least: 1, most: 1000, usual: 100 } as const
/** How long a link is valid, in minutes. */
export const MINUTES = { least: 1, most: 60, usual: 5 } as const
/** No value of a parameter is longer, in characters. */
export const MAX_VALUE_CHARACTERS = 1000

const TEXT = { type: 'string', minLength: 1 } as const
const plain = (most: number): object => ({ ...TEXT, maxLength: most })
const LENGTH = {
  ...TEXT,
  pattern: String.raw`^(?=.)(\d{1,4}h)?(\d{1,6}m)?(\d{1,8}(\.\d{1,3})?s?)?$`,
} as const

const WORKSPACE: Parameters = {
  workspace: {
    description:
      'The Bird workspace. If not given, a recording is looked for in every workspace that is configured; a search needs it where there are several.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
  },
}
const WHY: Parameters = {
  reason: {
    description: 'Why; it goes into the access log. Required where the deployment says so.',
    schema: { ...plain(ACCESS_LIMITS.reason) },
    example: 'complaint 4711',
  },
  caseNumber: {
    description: 'The case; it goes into the access log.',
    schema: { ...plain(ACCESS_LIMITS.caseNumber) },
  },
}

/** The criteria of a search, by the names that lib/catalog/criteria.ts reads them by. */
export const CRITERIA_PARAMETERS = {
  id: {
    description: 'A recording, one of those that are named.',
    schema: { type: 'string', format: 'uuid' },
    most: 500,
  },
  sourceId: { description: "The call's or the conference's id at Bird.", schema: { ...plain(200) } },
  number: {
    description:
      'A telephone number of either party, in any common notation; one of those that are named. Write + as %2B.',
    schema: { ...plain(100) },
    most: 100,
    example: '+49 30 123456',
  },
  channel: { description: 'The channel.', schema: { ...plain(200) } },
  direction: { description: 'As seen from your side.', schema: { enum: ['incoming', 'outgoing'] } },
  from: {
    description: 'The first day of the call (UTC), or moment with its zone.',
    schema: { ...plain(40) },
    example: '2024-03-01',
  },
  to: {
    description: 'The first day (UTC), or moment with its zone, that is left out.',
    schema: { ...plain(40) },
    example: '2024-04-01',
  },
  minDuration: {
    description: 'As measured in the audio: seconds, or 90s, 1m30s, 2h.',
    schema: LENGTH,
    example: '1m30s',
  },
  maxDuration: { description: 'Likewise.', schema: LENGTH, example: '2h' },
  findings: {
    description: 'any, none, or the name of one: docs/sidecar.md.',
    schema: { ...plain(40) },
    example: 'any',
  },
  country: {
    description: 'To which numbers without a country code belong (ISO 3166); RETRIEVE_COUNTRY if not given.',
    schema: { type: 'string', pattern: '^[A-Za-z]{2}$' },
    example: 'DE',
  },
} as const satisfies Parameters

export const SEARCH_PARAMETERS = {
  ...CRITERIA_PARAMETERS,
  ...WORKSPACE,
  limit: {
    description: 'Recordings of one page.',
    schema: { type: 'integer', minimum: PAGE.least, maximum: PAGE.most, default: PAGE.usual },
  },
  cursor: {
    description: '`next` of the page before, everything else being as it was.',
    schema: { ...plain(200) },
  },
  query: {
    description: '`query` of an answer 202, everything else being as it was: takes that search up again.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9._~-]{1,200}$' },
  },
  ...WHY,
} satisfies Parameters

export const RECORDING_PARAMETERS: Parameters = { ...WORKSPACE, ...WHY }

/** Why is in the body here. */
export const LINK_PARAMETERS: Parameters = WORKSPACE
