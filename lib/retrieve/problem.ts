/** Every way in which a request may fail, as RFC 9457 has it: closed, so that the OpenAPI document can list them. */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not what this address takes' },
  'no-caller': { status: 403, title: 'Nobody signed the request' },
  'no-such-address': { status: 404, title: 'There is nothing at this address' },
  'not-archived': { status: 404, title: 'The recording is not archived' },
  'method-not-allowed': { status: 405, title: 'This address does not take that method' },
  'evidence-differs': { status: 409, title: 'What lies in the archive is not what was archived' },
  'restore-needed': { status: 409, title: 'The audio must be restored from S3 Glacier first' },
  'unknown-search': { status: 410, title: 'There is no such search' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is not JSON' },
  'search-too-wide': { status: 422, title: 'The search would have to read too much' },
  'index-damaged': { status: 500, title: 'Something in the search index cannot be read' },
  misconfigured: { status: 500, title: 'The service is set up wrongly' },
  unexpected: { status: 500, title: 'Something unforeseen went wrong' },
  unavailable: { status: 503, title: 'The archive cannot be reached' },
  'out-of-time': { status: 504, title: 'It takes longer than a request may' },
} as const
export type ProblemKind = keyof typeof PROBLEMS

/** What went wrong with one request. Nothing in it is a phone number, a link, or what an outside system said. */
export interface Problem {
  readonly kind: ProblemKind
  /** What to do, for people. */
  readonly detail: string
  /** Every fault of the request, where it is the request's. */
  readonly faults?: readonly string[]
  /** In which workspaces it was looked for. */
  readonly workspaceIds?: readonly string[]
  /** What is wrong with the recording. */
  readonly finding?: object
  /** After how many seconds it may help to ask again. */
  readonly retryAfterSeconds?: number
  /** What the address takes, of a wrong method. */
  readonly allow?: string
}

/** A URN, not a link: it stays the same wherever the documents move; docs/api.md explains each. */
export function problemType(kind: ProblemKind): string {
  return `urn:bird-recording-archiver:problem:${kind}`
}

/** The body of a problem. @param requestId API Gateway's, by which the line in the log is found */
export function writeProblem(problem: Problem, requestId: string): string {
  const { kind, detail, faults, workspaceIds, finding } = problem
  const { status, title } = PROBLEMS[kind]
  return JSON.stringify({
    type: problemType(kind),
    title,
    status,
    detail,
    instance: requestId,
    faults,
    workspaceIds,
    finding,
  })
}
