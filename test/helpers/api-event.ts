import type { APIGatewayProxyEventV2WithIAMAuthorizer } from 'aws-lambda'
import { type ApiCall as SandboxCall, toApiEvent } from '../../lib/sandbox/api-event.ts'

export const ANNA = 'arn:aws:sts::123456789012:assumed-role/crm/anna'
/** As API Gateway's are; always the same, so that no digits in it look like anything else. */
export const REQUEST_ID = 'JKJaXmPLvHcESHA='

/** A request as a caller writes it: what is not said is what is usual. */
export type ApiCall = Partial<Omit<SandboxCall, 'path' | 'now'>> & Pick<SandboxCall, 'path'>

/** The event that API Gateway makes of a request. */
export function eventOf(call: ApiCall): APIGatewayProxyEventV2WithIAMAuthorizer {
  const { headers = {} } = call
  const event = toApiEvent({
    method: 'GET',
    query: '',
    body: '',
    userArn: ANNA,
    ...call,
    headers: {
      host: 'api.example.com',
      authorization: 'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20241125/eu-west-1/execute-api/aws4_request',
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    },
    now: new Date('2024-11-25T00:00:00Z'),
  })
  return { ...event, requestContext: { ...event.requestContext, requestId: REQUEST_ID } }
}
