import { randomUUID } from 'node:crypto'
import type { APIGatewayProxyEventV2WithIAMAuthorizer } from 'aws-lambda'

export const ANNA = 'arn:aws:sts::123456789012:assumed-role/crm/anna'

/** A request as a caller writes it. */
export interface ApiCall {
  readonly method?: string
  /** As it is sent, escaped. */
  readonly path: string
  /** As it is sent, escaped, without the question mark. */
  readonly query?: string
  readonly body?: string
  readonly isBase64Encoded?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly userArn?: string
  /** `$default` if not given. */
  readonly stage?: string
  /** What a custom domain has mapped to the API, such as `/archive`. */
  readonly mapping?: string
}

/** The routes of infra/api.yml; all else comes by `$default`. */
const ROUTES = [
  'GET /recordings',
  'GET /recordings/{id}',
  'POST /recordings/{id}/link',
  'GET /recordings/{id}/verification',
  'GET /openapi.json',
]

/**
 * The event that API Gateway makes of a request (payload format 2.0; API Gateway Developer Guide, "Create AWS Lambda proxy
 * integrations for HTTP APIs"): stage and mapping stand in front of the path, what is given several times is joined with
 * commas, header names are in lower case.
 */
export function eventOf(call: ApiCall): APIGatewayProxyEventV2WithIAMAuthorizer {
  const { method = 'GET', path, query = '', body, headers = {}, userArn = ANNA, mapping = '' } = call
  const { stage = '$default', isBase64Encoded = false } = call
  const matched = matchRoute(method, path)
  const rawPath = `${mapping}${stage === '$default' ? '' : `/${stage}`}${path}`
  const joined: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(query))
    joined[name] = joined[name] === undefined ? value : `${joined[name]},${value}`
  const event: Omit<APIGatewayProxyEventV2WithIAMAuthorizer, 'requestContext'> & { requestContext: object } =
    {
      version: '2.0',
      routeKey: matched.routeKey,
      rawPath,
      rawQueryString: query,
      headers: {
        host: 'api.example.com',
        'x-amz-date': '20241125T000000Z',
        authorization: 'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20241125/eu-west-1/execute-api/aws4_request',
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      },
      ...(query !== '' && { queryStringParameters: joined }),
      ...(matched.id !== undefined && { pathParameters: { id: matched.id } }),
      requestContext: {
        accountId: '123456789012',
        apiId: 'r3pmxmplak',
        authentication: null,
        authorizer: {
          iam: {
            accessKey: 'AKIAEXAMPLE',
            accountId: '123456789012',
            callerId: 'AROAEXAMPLE:anna',
            cognitoIdentity: null,
            principalOrgId: 'o-example',
            userArn,
            userId: 'AROAEXAMPLE:anna',
          },
        },
        domainName: 'api.example.com',
        domainPrefix: 'api',
        http: {
          method,
          path: rawPath,
          protocol: 'HTTP/1.1',
          sourceIp: '192.0.2.7',
          userAgent: 'crm/1.0',
        },
        requestId: `${randomUUID().slice(0, 8)}=`,
        routeKey: matched.routeKey,
        stage,
        time: '25/Nov/2024:00:00:00 +0000',
        timeEpoch: 1_732_492_800_000,
      },
      ...(body !== undefined && { body }),
      isBase64Encoded,
    }
  // What API Gateway leaves out or makes null differs from its published type.
  return event as APIGatewayProxyEventV2WithIAMAuthorizer
}

/** API Gateway takes one segment for `{id}`, decodes it, and knows no trailing slash. */
function matchRoute(
  method: string,
  path: string,
): { readonly routeKey: string; readonly id: string | undefined } {
  const segments = path.split('/')
  for (const routeKey of ROUTES) {
    const [ofRoute = '', pattern = ''] = routeKey.split(' ')
    const expected = pattern.split('/')
    const isMatch =
      ofRoute === method &&
      expected.length === segments.length &&
      expected.every((each, index) => each === segments[index] || (each === '{id}' && segments[index] !== ''))
    if (!isMatch) continue
    const at = expected.indexOf('{id}')
    return { routeKey, id: at < 0 ? undefined : decode(segments[at] ?? '') }
  }
  return { routeKey: '$default', id: undefined }
}

/** What is escaped wrongly is left as it is. */
export function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
