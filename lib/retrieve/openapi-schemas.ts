import { ACCESS_LIMITS } from './access.ts'
import type { LINK_MEMBERS } from './body.ts'
import { MINUTES } from './parameters.ts'
import { PROBLEMS, type ProblemKind, problemType } from './problem.ts'

/** JSON Schema (2020-12), as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>

const TEXT = { type: 'string' } as const
const WHOLE = { type: 'integer', minimum: 0 } as const
const MOMENT = { type: 'string', format: 'date-time' } as const
const ID = { type: 'string', format: 'uuid' } as const
const SHA256 = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const
const orNull = ({ type, ...schema }: Schema & { readonly type: string }): Schema => ({
  ...schema,
  type: [type, 'null'],
})
const listOf = (items: Schema): Schema => ({ type: 'array', items })
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const described = (description: string, schema: Schema): Schema => ({ description, ...schema })

/** An object with these members and no others; all of them are there. */
function closed(properties: Readonly<Record<string, Schema>>, description?: string): Schema {
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    required: Object.keys(properties),
    additionalProperties: false,
    properties,
  }
}

const LOCK: Schema = {
  description: 'The Object Lock; null without one.',
  anyOf: [closed({ mode: { enum: ['GOVERNANCE', 'COMPLIANCE'] }, until: MOMENT }), { type: 'null' }],
}

const SIDECAR: Schema = {
  description:
    'The sidecar exactly as it lies in the archive, and a number in it may be finer than your language reads it. Only what is relied on is described here; all of it is in docs/sidecar.md.',
  type: 'object',
  required: ['schema', 'recordingId', 'workspaceId', 'bird', 'audio', 'quality', 'provenance', 'retention'],
  additionalProperties: true,
  properties: {
    schema: TEXT,
    recordingId: ID,
    workspaceId: TEXT,
    bird: described("Bird's metadata of the recording, verbatim.", {
      type: 'object',
      required: ['status', 'createdAt'],
      properties: { status: TEXT, createdAt: TEXT },
      additionalProperties: true,
    }),
    audio: {
      type: 'object',
      required: ['key', 'bytes', 'sha256', 'versionId'],
      properties: { key: TEXT, bytes: WHOLE, sha256: SHA256, versionId: orNull(TEXT) },
      additionalProperties: true,
    },
    quality: { type: 'object', additionalProperties: true },
    provenance: { type: 'object', additionalProperties: true },
    retention: { type: 'object', additionalProperties: true },
  },
}

const RECORDING = closed({
  recordingId: ID,
  workspaceId: TEXT,
  sidecar: ref('Sidecar'),
  audio: closed(
    {
      bytes: WHOLE,
      versionId: orNull(TEXT),
      sha256: described('As S3 took it at the upload; null where it keeps none.', orNull(SHA256)),
      storageClass: described('As S3 names it.', TEXT),
      archiveStatus: described('Of Intelligent-Tiering alone.', orNull(TEXT)),
      restoredUntil: described('Until when a restored copy can be read.', orNull(MOMENT)),
      lock: LOCK,
      legalHold: described('null where none was ever placed, or it may not be seen.', {
        type: ['boolean', 'null'],
      }),
    },
    'The audio object as the bucket has it now; it is not read for this.',
  ),
  finding: {
    description: 'What keeps the audio from being read now; null if nothing does.',
    anyOf: [closed({ kind: { const: 'to-restore' }, isUnderWay: { type: 'boolean' } }), { type: 'null' }],
  },
})

const FOUND = closed(
  {
    recordingId: ID,
    workspaceId: TEXT,
    createdAt: MOMENT,
    startedAt: orNull(MOMENT),
    endedAt: orNull(MOMENT),
    source: orNull(TEXT),
    sourceId: orNull(TEXT),
    conferenceId: orNull(TEXT),
    channelId: orNull(TEXT),
    direction: orNull(TEXT),
    fromNumber: described("Digits only, the country's code first.", orNull(TEXT)),
    toNumber: orNull(TEXT),
    durationMs: described('As measured in the audio.', { type: 'number', minimum: 0 }),
    channels: { type: ['number', 'null'] },
    findings: described('What is odd about the audio: docs/sidecar.md.', listOf(TEXT)),
    audioKey: TEXT,
    audioBytes: { type: 'number', minimum: 0 },
    audioSha256: SHA256,
    audioVersionId: orNull(TEXT),
    retainUntil: described('The end of the lock when it was archived.', orNull(MOMENT)),
    archivedAt: MOMENT,
  },
  'A row of the search index.',
)

const PAGE_OF_RECORDINGS = closed({
  recordings: described('The newest first.', listOf(ref('FoundRecording'))),
  next: described('`cursor` of the next page; null on the last one.', orNull(TEXT)),
  complete: described('false: something that was asked for could not be read, and `reasons` says what.', {
    type: 'boolean',
  }),
  reasons: listOf(TEXT),
})

const VERIFICATION = closed({
  recordingId: ID,
  workspaceId: TEXT,
  verifiedAt: MOMENT,
  outcome: described(
    'ok: every byte is what was archived. mismatch: `findings` says what is not. no-sidecar: audio that nobody has described. on-its-way: it is being archived.',
    { enum: ['ok', 'mismatch', 'no-sidecar', 'on-its-way'] },
  ),
  audio: closed({
    bytes: described('That were read.', WHOLE),
    sha256: described('Of what was read; null where there was nothing.', orNull(SHA256)),
    lock: LOCK,
    legalHold: { type: 'boolean' },
  }),
  findings: listOf(
    closed({
      kind: described('docs/verify.md explains each.', TEXT),
      object: { enum: ['audio', 'sidecar'] },
      expected: orNull(TEXT),
      found: orNull(TEXT),
      advice: TEXT,
    }),
  ),
  orphans: listOf(
    closed({ kind: TEXT, key: TEXT, versionId: orNull(TEXT), since: orNull(MOMENT), advice: TEXT }),
  ),
})

const PROBLEM: Schema = {
  description: 'What went wrong (RFC 9457).',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance'],
  additionalProperties: false,
  properties: {
    type: { enum: (Object.keys(PROBLEMS) as ProblemKind[]).map(problemType) },
    title: TEXT,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: described('What to do, for people.', TEXT),
    instance: described('The id of the request, by which it is found in the log.', TEXT),
    faults: described('Every fault of the request.', listOf(TEXT)),
    workspaceIds: described('Where it was looked for.', listOf(TEXT)),
    finding: described('What is wrong with the recording.', {
      type: 'object',
      required: ['kind'],
      additionalProperties: true,
      properties: { kind: { enum: ['altered', 'no-audio', 'unreadable-sidecar', 'to-restore'] } },
    }),
  },
}

const LINK_ORDER: Readonly<Record<(typeof LINK_MEMBERS)[number], Schema>> = {
  minutes: described('How long the link is valid.', {
    type: 'integer',
    minimum: MINUTES.least,
    maximum: MINUTES.most,
    default: MINUTES.usual,
  }),
  reason: described('Why; it goes into the access log. Required where the deployment says so.', {
    ...TEXT,
    maxLength: ACCESS_LIMITS.reason,
  }),
  caseNumber: described('The case; it goes into the access log.', {
    ...TEXT,
    maxLength: ACCESS_LIMITS.caseNumber,
  }),
}

/** What bodies are, by the names that generated clients give their types. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Sidecar: SIDECAR,
  Recording: RECORDING,
  FoundRecording: FOUND,
  RecordingPage: PAGE_OF_RECORDINGS,
  Searching: closed({
    status: { const: 'searching' },
    query: described('Send it as the parameter `query`, everything else being as it was.', TEXT),
    retryAfterSeconds: WHOLE,
  }),
  LinkOrder: { type: 'object', additionalProperties: false, properties: LINK_ORDER },
  Link: closed({
    url: described('Whoever has it can download the audio: pass it on like a password.', {
      ...TEXT,
      format: 'uri',
    }),
    expiresAt: MOMENT,
  }),
  Verification: VERIFICATION,
  Problem: PROBLEM,
  OpenApi: {
    description: 'OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0.',
    type: 'object',
    required: ['openapi', 'info', 'paths'],
    properties: { openapi: TEXT, info: { type: 'object' }, paths: { type: 'object' } },
  },
}
