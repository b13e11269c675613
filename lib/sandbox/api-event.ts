import { randomUUID } from 'node:crypto'
import type { APIGatewayProxyEventV2WithIAMAuthorizer } from 'aws-lambda'
import { ROUTES } from '../retrieve/routes.ts'

/** A request to the HTTP API, as it came. */
export interface ApiCall {
  readonly method: string
  /** Escaped, as it was sent. */
  readonly path: string
  /** Likewise, without the question mark. */
  readonly query: string
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty where there is none. */
  readonly body: string
  readonly isBase64Encoded?: boolean
  /** ARN of who signed it; undefined for a request that nobody signed, and that API Gateway would not let pass. */
  readonly userArn: string | undefined
  readonly now: Date
  /** `$default` if not given. */
  readonly stage?: string
  /** What a custom domain has mapped to the API, such as `/archive`; nothing if not given. */
  readonly mapping?: string
}

const ACCOUNT = '000000000000'
const CALLER = {
  accessKey: 'sandbox',
  accountId: ACCOUNT,
  callerId: 'sandbox',
  cognitoIdentity: null,
  principalOrgId: 'aws:PrincipalOrgID',
  userId: 'sandbox',
}

/**
 * The event that API Gateway makes of a request, in payload format 2.0 (API Gateway Developer Guide, "Create AWS Lambda proxy
 * integrations for HTTP APIs"): stage and mapping stand in front of the path, what is given several times is joined with
 * commas.
 */
export function toApiEvent(call: ApiCall): APIGatewayProxyEventV2WithIAMAuthorizer {
  const { method, path, query, headers, body, userArn, now, mapping = '', stage = '$default' } = call
  const { routeKey, id } = matchRoute(method, path)
  const rawPath = `${mapping}${stage === '$default' ? '' : `/${stage}`}${path}`
  const joined: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(query))
    joined[name] = joined[name] === undefined ? value : `${joined[name]},${value}`
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: query,
    headers,
    ...(query !== '' && { queryStringParameters: joined }),
    ...(id !== undefined && { pathParameters: { id } }),
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'sandbox',
      ...(userArn !== undefined && { authorizer: { iam: { ...CALLER, userArn } } }),
      domainName: headers['host'] ?? '127.0.0.1',
      domainPrefix: 'sandbox',
      http: {
        method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage,
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(body !== '' && { body }),
    isBase64Encoded: call.isBase64Encoded ?? false,
  } as APIGatewayProxyEventV2WithIAMAuthorizer
}

/** API Gateway takes one segment for `{id}`, decodes it, and knows no trailing slash; all else comes by `$default`. */
function matchRoute(method: string, path: string): { readonly routeKey: string; readonly id?: string } {
  const segments = path.split('/')
  for (const route of Object.values(ROUTES)) {
    const expected = route.path.split('/')
    const isMatch =
      route.method === method &&
      expected.length === segments.length &&
      expected.every((each, index) => each === segments[index] || (each === '{id}' && segments[index] !== ''))
    if (!isMatch) continue
    const routeKey = `${method} ${route.path}`
    const at = expected.indexOf('{id}')
    return at < 0 ? { routeKey } : { routeKey, id: decode(segments[at] ?? '') }
  }
  return { routeKey: '$default' }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
