import { RECORDING_PARAMETERS, LINK_PARAMETERS, SEARCH_PARAMETERS, type Parameters } from './parameters.ts'

/** Every address of the API. */
export const ROUTES = {
  search: { method: 'GET', path: '/recordings', parameters: SEARCH_PARAMETERS },
  recording: { method: 'GET', path: '/recordings/{id}', parameters: RECORDING_PARAMETERS },
  link: { method: 'POST', path: '/recordings/{id}/link', parameters: LINK_PARAMETERS },
  verification: { method: 'GET', path: '/recordings/{id}/verification', parameters: RECORDING_PARAMETERS },
  openapi: { method: 'GET', path: '/openapi.json', parameters: {} },
} as const satisfies Record<
  string,
  { readonly method: string; readonly path: string; readonly parameters: Parameters }
>
export type RouteName = keyof typeof ROUTES

const NAMES = Object.keys(ROUTES) as RouteName[]

/** Where a request goes: `id` is what stands in the place of `{id}`, as it was written. */
export interface Target {
  readonly name: RouteName
  readonly id: string
}

/** What API Gateway says of a request's address. */
export interface Address {
  /** `GET /recordings/{id}`, or `$default`. */
  readonly routeKey: string
  readonly rawPath: string
  readonly stage: string
  readonly pathParameters: Readonly<Record<string, string | undefined>>
}

/**
 * Finds the route of an address, whatever its method; undefined where there is none.
 *
 * A route that API Gateway has matched itself is taken as it says: `rawPath` carries the stage and a custom domain's mapping
 * in front, which a function cannot tell from a path. What came by `$default` (trailing slashes, wrong methods, unknown
 * addresses) has only `rawPath`, and of that only the stage is known.
 */
export function findRoute({ routeKey, rawPath, stage, pathParameters }: Address): Target | undefined {
  const [, matched] = routeKey.split(' ')
  const known = NAMES.find((name) => ROUTES[name].path === matched)
  if (known !== undefined) return { name: known, id: pathParameters['id'] ?? '' }
  const prefix = `/${stage}/`
  const path = rawPath.startsWith(prefix) ? rawPath.slice(prefix.length - 1) : rawPath
  const segments = path.replace(/\/$/, '').split('/')
  for (const name of NAMES) {
    const id = matchPath(ROUTES[name].path.split('/'), segments)
    if (id !== undefined) return { name, id }
  }
  return undefined
}

/** Undefined where they do not match; empty where the pattern has no `{id}`. */
function matchPath(pattern: readonly string[], segments: readonly string[]): string | undefined {
  if (pattern.length !== segments.length) return undefined
  let id = ''
  for (const [index, expected] of pattern.entries()) {
    const segment = decode(segments[index] ?? '')
    if (expected === '{id}') id = segment
    else if (segment !== expected) return undefined
  }
  return id
}

/** API Gateway decodes some paths and leaves others; no address of ours has a percent sign, so decoding twice does no harm. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** What `Allow` says of a route: HEAD is GET without a body. */
export function allowedMethods(name: RouteName): string {
  const { method } = ROUTES[name]
  return method === 'GET' ? 'GET, HEAD' : method
}
