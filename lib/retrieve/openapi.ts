import type { Call } from './call.ts'
import { SCHEMAS, type Schema } from './openapi-schemas.ts'
import type { Parameter, Parameters } from './parameters.ts'
import { type ProblemKind, PROBLEMS, problemType } from './problem.ts'
import { type RouteName, ROUTES } from './routes.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** Status, what it means, and the schema of its body. */
  readonly answers: readonly (readonly [status: number, description: string, schema: string])[]
  readonly problems: readonly ProblemKind[]
}

const ALWAYS: readonly ProblemKind[] = ['invalid-request', 'no-caller', 'misconfigured', 'unexpected']
const WITH_BUCKET: readonly ProblemKind[] = [...ALWAYS, 'unavailable', 'out-of-time']
const OF_RECORDING: readonly ProblemKind[] = [...WITH_BUCKET, 'not-archived', 'evidence-differs']

const OPERATIONS: Readonly<Record<RouteName, Operation>> = {
  search: {
    operationId: 'searchRecordings',
    summary: 'Find recordings',
    description:
      'All criteria that are given have to be true of a recording. A page that is not ready in 20 s is answered with 202: ask again with its `query`. Follow `next` to the end, and look at `complete`.',
    answers: [
      [200, 'A page of recordings, the newest first.', 'RecordingPage'],
      [202, 'It is still being searched: ask again with `query`.', 'Searching'],
    ],
    problems: [...WITH_BUCKET, 'unknown-search', 'search-too-wide', 'index-damaged'],
  },
  recording: {
    operationId: 'getRecording',
    summary: 'Metadata of a recording',
    description:
      'The sidecar verbatim, and the audio object as it lies in the bucket now. What is not as it was archived is a problem (409), never a 200.',
    answers: [[200, 'What is known of the recording.', 'Recording']],
    problems: OF_RECORDING,
  },
  link: {
    operationId: 'linkRecording',
    summary: 'A link to the audio',
    description:
      'Signs a link to the very version that was archived. It ends at the latest when the credentials of the function that signed it do.',
    answers: [[200, 'The link.', 'Link']],
    problems: [...OF_RECORDING, 'restore-needed', 'body-too-large', 'unsupported-media-type'],
  },
  verification: {
    operationId: 'verifyRecording',
    summary: 'Prove that a recording is unaltered',
    description:
      'Reads all of the audio again, now, and compares it with the sidecar. Audio that cannot be read in the time of a request is answered with 504.',
    answers: [[200, 'The verdict; only the outcome `ok` is good.', 'Verification']],
    problems: [...WITH_BUCKET, 'not-archived', 'restore-needed'],
  },
  openapi: {
    operationId: 'getOpenApi',
    summary: 'This document',
    description: 'OpenAPI 3.1.',
    answers: [[200, 'This document.', 'OpenApi']],
    problems: ALWAYS,
  },
}

/**
 * Writes the OpenAPI 3.1 document. Parameters, statuses and limits are those that the program itself goes by.
 * @param call the request for it: it names the server
 */
export function writeOpenApi(
  { domainName, rawPath }: Pick<Call, 'domainName' | 'rawPath'>,
  version: string,
): string {
  const paths: Record<string, Record<string, object>> = {}
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const { path, method } = ROUTES[name]
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(name) }
  }
  const base = rawPath.replace(/\/openapi\.json\/?$/, '')
  return JSON.stringify({
    openapi: '3.1.0',
    info: {
      title: 'Bird recording archiver',
      version,
      description:
        'Archived call recordings: find them, see what is known of them, listen to them, prove that they are unaltered. Who asked, and why, is in the access log before anything is handed out. HEAD is answered as GET is, without the body.',
    },
    servers: [{ url: domainName === '' ? '/' : `https://${domainName}${base}` }],
    security: [{ sigv4: [] }],
    paths,
    components: {
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4, service execute-api.',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
      schemas: SCHEMAS,
    },
  })
}

function describe(name: RouteName): object {
  const { parameters, path, method } = ROUTES[name]
  const { operationId, summary, description, answers, problems } = OPERATIONS[name]
  const named: Parameters = parameters
  return {
    operationId,
    summary,
    description,
    parameters: [
      ...(path.includes('{id}') ? [ID_PARAMETER] : []),
      ...Object.entries(named).map(([parameter, facts]) => toParameter(parameter, facts)),
    ],
    ...(method === 'POST' && { requestBody: { required: false, content: json('LinkOrder') } }),
    responses: {
      ...Object.fromEntries(
        answers.map(([status, meaning, schema]) => [
          String(status),
          { description: meaning, headers: headersOf(name, status), content: json(schema) },
        ]),
      ),
      ...Object.fromEntries(
        [...Map.groupBy(problems, (kind) => PROBLEMS[kind].status)].map(([status, kinds]) => [
          String(status),
          toResponse(status, kinds),
        ]),
      ),
    },
  }
}

const ID_PARAMETER = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The recording at Bird.',
  schema: { type: 'string', format: 'uuid' },
}

function toParameter(name: string, { description, schema, most = 1, example }: Parameter): object {
  return {
    name,
    in: 'query',
    description,
    schema: most === 1 ? schema : { type: 'array', items: schema, maxItems: most },
    // Given several times, not joined with commas.
    ...(most > 1 && { style: 'form', explode: true }),
    ...(example !== undefined && { example: most === 1 ? example : [example] }),
  }
}

function toResponse(status: number, kinds: readonly ProblemKind[]): object {
  return {
    description: kinds.map((kind) => `${PROBLEMS[kind].title} (\`${problemType(kind)}\`).`).join(' '),
    headers: { ...NEVER_CACHED, ...(status === 503 && RETRY_AFTER) },
    content: { 'application/problem+json': { schema: schemaRef('Problem') } },
  }
}

const NEVER_CACHED = { 'Cache-Control': { required: true, schema: { const: 'no-store' } } }
const RETRY_AFTER = {
  'Retry-After': { required: true, description: 'In seconds.', schema: { type: 'integer', minimum: 1 } },
}
const RELATIVE = 'relative to the address of the request; left out where it would be too long for a header.'

function headersOf(name: RouteName, status: number): object {
  if (name !== 'search') return NEVER_CACHED
  if (status === 202)
    return {
      ...NEVER_CACHED,
      ...RETRY_AFTER,
      Location: { description: `Where to ask again, ${RELATIVE}`, schema: { type: 'string' } },
    }
  return {
    ...NEVER_CACHED,
    Link: { description: `The next page (rel="next"), ${RELATIVE}`, schema: { type: 'string' } },
  }
}

function json(schema: string): object {
  return { 'application/json': { schema: schemaRef(schema) } }
}

function schemaRef(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}
