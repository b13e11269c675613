import type { Call } from '../../lib/retrieve/call.ts'
import { type RouteName, ROUTES } from '../../lib/retrieve/routes.ts'

export const ID = '20258473-d581-48eb-9bad-55bba32f2c3a'

/** A request of a route, as API Gateway has matched it. */
export function callOf(name: RouteName, more: Partial<Call> = {}): Call {
  const { method, path } = ROUTES[name]
  return {
    method,
    routeKey: `${method} ${path}`,
    rawPath: path.replace('{id}', ID),
    stage: '$default',
    pathParameters: path.includes('{id}') ? { id: ID } : {},
    rawQueryString: '',
    requestId: 'JKJaXmPLvHcESHA=',
    domainName: 'api.example.com',
    userArn: 'arn:aws:sts::123456789012:assumed-role/crm/anna',
    contentType: undefined,
    body: '',
    isBase64Encoded: false,
    ...more,
  }
}
