import * as v from 'valibot'
import type { RawBody } from './body.ts'
import type { Address } from './routes.ts'

/** What API Gateway hands over of one request, as far as it is looked at. */
export interface Call extends Address, RawBody {
  readonly method: string
  readonly rawQueryString: string
  /** By which the request is found in every log; empty where there is none. */
  readonly requestId: string
  readonly domainName: string
  /** Who signed the request, with the name of the session; undefined where nobody did. */
  readonly userArn: string | undefined
}

const Text = v.nullish(v.string(), '')
const Texts = v.pipe(
  v.nullish(v.record(v.string(), v.nullish(v.string(), '')), {}),
  v.transform((texts): Readonly<Record<string, string>> => texts),
)

/** Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs", payload format version 2.0. */
const EventDocument = v.object({
  version: v.literal('2.0'),
  routeKey: Text,
  rawPath: Text,
  rawQueryString: Text,
  headers: Texts,
  pathParameters: Texts,
  body: Text,
  isBase64Encoded: v.nullish(v.boolean(), false),
  requestContext: v.object({
    requestId: Text,
    domainName: Text,
    stage: Text,
    http: v.object({ method: v.string() }),
    // Only a route with IAM authorisation has it, and only a signed request.
    authorizer: v.nullish(v.object({ iam: v.nullish(v.object({ userArn: v.nullish(v.string()) })) })),
  }),
})

/** Reads an event; undefined where it is none of an HTTP API in payload format 2.0. */
export function readCall(event: unknown): Call | undefined {
  const parsed = v.safeParse(EventDocument, event)
  if (!parsed.success) return undefined
  const { requestContext, headers, routeKey, rawPath, rawQueryString, pathParameters } = parsed.output
  const { body, isBase64Encoded } = parsed.output
  const { requestId, domainName, stage, http, authorizer } = requestContext
  const contentType = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  return {
    method: http.method.toUpperCase(),
    routeKey,
    rawPath,
    stage,
    pathParameters,
    rawQueryString,
    requestId,
    domainName,
    userArn: authorizer?.iam?.userArn ?? undefined,
    contentType,
    body,
    isBase64Encoded,
  }
}
