import { isRecordingId, toWorkspaceId, WORKSPACE_ID } from '../archive/message.ts'
import { type AccessRecord, checkActor, checkReason, checkText, maskNumbers } from './access.ts'
import { readLinkBody } from './body.ts'
import type { Call } from './call.ts'
import { CRITERIA_PARAMETERS, MINUTES, PAGE, type Parameters } from './parameters.ts'
import type { Problem } from './problem.ts'
import { readQuery, type Values } from './query.ts'
import { allowedMethods, findRoute, ROUTES } from './routes.ts'

/** Who asks, and why, as the access log has it. */
export type Asker = Pick<AccessRecord, 'actor' | 'reason' | 'caseNumber' | 'via'>

/** A request that can be answered. `Search` is what the criteria were read to be. */
export type ApiRequest<Search> =
  | {
      readonly name: 'search'
      readonly asker: Asker
      readonly search: Search
      readonly limit: number
      /** A search that was begun. */
      readonly query: string | undefined
      readonly values: Values
    }
  | {
      readonly name: 'recording' | 'verification' | 'link'
      readonly asker: Asker
      /** Lower-case UUID. */
      readonly recordingId: string
      /** Where it may be. */
      readonly workspaceIds: readonly string[]
      /** How long a link is to be valid. */
      readonly minutes: number
    }
  | { readonly name: 'openapi' }

/** Criteria as they were written, and where the page begins. */
export interface WrittenSearch {
  readonly workspace: string
  readonly id?: readonly string[]
  readonly number?: readonly string[]
  readonly cursor?: string
  readonly [criterion: string]: string | readonly string[] | undefined
}

/** What the deployment asks for, and how criteria are read, which belong to the catalog. */
export interface RequestPolicy<Search> {
  readonly reasonRequired: boolean
  readonly workspaceIds: readonly string[]
  readonly readSearch: (
    written: WrittenSearch,
  ) =>
    | { readonly ok: true; readonly search: Search }
    | { readonly ok: false; readonly faults: readonly string[] }
}

export type ReadRequest<Search> =
  | { readonly ok: true; readonly request: ApiRequest<Search> }
  | { readonly ok: false; readonly problem: Problem }

/** Judges a request as a whole; all faults together, none of which repeats a telephone number. First match counts: 403, 404, 405, 400. */
export function readRequest<Search>(call: Call, policy: RequestPolicy<Search>): ReadRequest<Search> {
  const actor = checkActor(call.userArn ?? '')
  if (!actor.ok)
    return fail({
      kind: 'no-caller',
      detail: 'sign the request (AWS Signature Version 4) as somebody who may invoke this API',
    })
  const target = findRoute(call)
  if (target === undefined)
    return fail({ kind: 'no-such-address', detail: 'GET /openapi.json lists what there is' })
  const { method, parameters } = ROUTES[target.name]
  if (call.method !== method && !(call.method === 'HEAD' && method === 'GET')) {
    const allow = allowedMethods(target.name)
    return fail({ kind: 'method-not-allowed', detail: `this address takes ${allow}`, allow })
  }
  const known: Parameters = parameters
  const { values, faults } = readQuery(call.rawQueryString, known)
  const reading: Reading = { values, faults: [...faults], reasonRequired: policy.reasonRequired }
  if (target.name === 'openapi') return finish(reading, { name: 'openapi' })
  if (target.name === 'search') return readSearchRequest(actor.actor, reading, policy)

  const recordingId = target.id.toLowerCase()
  if (!isRecordingId(recordingId)) reading.faults.push('the id in the path is no recording id (a UUID)')
  const workspace = readWorkspace(reading)
  const workspaceIds = workspace === undefined ? policy.workspaceIds : [workspace]
  const body = target.name === 'link' ? readLinkBody(call) : undefined
  if (body?.ok === false && body.problem.faults === undefined) return body
  if (body?.ok === false) reading.faults.push(...(body.problem.faults ?? []))
  const link = body?.ok === true ? body.link : undefined
  const why =
    body === undefined ? { reason: one(values, 'reason'), caseNumber: one(values, 'caseNumber') } : link
  return finish(reading, {
    name: target.name,
    // Where the body cannot be read, nobody knows whether it had a reason.
    asker: readAsker(
      actor.actor,
      why ?? {},
      body?.ok === false ? { ...reading, reasonRequired: false } : reading,
    ),
    recordingId,
    workspaceIds,
    minutes: link?.minutes ?? MINUTES.usual,
  })
}

interface Reading {
  readonly values: Values
  readonly faults: string[]
  readonly reasonRequired: boolean
}

function readSearchRequest<Search>(
  actor: string,
  reading: Reading,
  policy: RequestPolicy<Search>,
): ReadRequest<Search> {
  const { values, faults } = reading
  const asker = readAsker(
    actor,
    { reason: one(values, 'reason'), caseNumber: one(values, 'caseNumber') },
    reading,
  )
  const named = readWorkspace(reading)
  if (named === undefined && policy.workspaceIds.length > 1)
    faults.push(`workspace is needed, for there are several: ${policy.workspaceIds.join(', ')}`)
  const limit = one(values, 'limit') ?? String(PAGE.usual)
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < PAGE.least || Number(limit) > PAGE.most)
    faults.push(`limit must be a whole number from ${PAGE.least} to ${PAGE.most}`)
  const query = one(values, 'query')
  if (query !== undefined && !/^[A-Za-z0-9._~-]{1,200}$/.test(query))
    faults.push('query is not what an answer 202 has given')
  const cursor = one(values, 'cursor')
  const read = policy.readSearch({
    ...writtenCriteria(values),
    workspace: named ?? policy.workspaceIds[0] ?? '',
    ...(cursor !== undefined && { cursor }),
  })
  if (!read.ok) faults.push(...read.faults)
  if (!read.ok || faults.length > 0) return refuse(reading)
  return finish(reading, { name: 'search', asker, search: read.search, limit: Number(limit), query, values })
}

/**
 * The criteria that a query names, as they were written. Several values have one order: a search that was begun is known again by
 * what it looks for, however a client sorts what it signs.
 */
export function writtenCriteria(values: Values): Omit<WrittenSearch, 'workspace'> {
  const known: Parameters = CRITERIA_PARAMETERS
  const given = Object.entries(known).flatMap(([name, { most = 1 }]) => {
    // Blanks around a value mean nothing, and the line in the access log that has it is not endless.
    const all = values[name]?.map((value) => value.trim())
    return all === undefined ? [] : [[name, most === 1 ? all[0] : all.toSorted()] as const]
  })
  return Object.fromEntries(given)
}

function readAsker(
  actor: string,
  given: { readonly reason?: string | undefined; readonly caseNumber?: string | undefined },
  { faults, reasonRequired }: Reading,
): Asker {
  const reason = checkReason(given.reason, false)
  if (!reason.ok) faults.push(reason.fault)
  else if (reason.reason === undefined && reasonRequired)
    faults.push('reason is required here: say why (RETRIEVE_REASON_REQUIRED=true)')
  const caseNumber = given.caseNumber?.trim() ?? ''
  const fault = checkText('caseNumber', caseNumber)
  if (fault !== undefined) faults.push(fault)
  return {
    actor,
    reason: reason.ok ? reason.reason : undefined,
    caseNumber: caseNumber === '' ? undefined : caseNumber,
    via: 'api',
  }
}

function readWorkspace({ values, faults }: Reading): string | undefined {
  const named = one(values, 'workspace')?.trim()
  if (named === undefined) return undefined
  if (!WORKSPACE_ID.test(named)) faults.push('workspace has characters that no workspace id has')
  return toWorkspaceId(named)
}

function one(values: Values, name: string): string | undefined {
  return values[name]?.[0]
}

function finish<Search>(reading: Reading, request: ApiRequest<Search>): ReadRequest<Search> {
  return reading.faults.length === 0 ? { ok: true, request } : refuse(reading)
}

/** The most that a fault repeats of a value. */
const REPEATED_CHARACTERS = 40

/** Faults may repeat a day or an id that is none, and a number may stand wherever somebody mistook one parameter for another. */
function refuse({ values, faults }: Reading): { readonly ok: false; readonly problem: Problem } {
  const repeated = Object.values(values)
    .flat()
    .map((value) => value.trim().slice(0, REPEATED_CHARACTERS))
  const masked = repeated
    .flatMap((text) => [text, text.toLowerCase()])
    .flatMap((text) => {
      const shown = maskNumbers({ text })['text']
      return typeof shown === 'string' && shown !== text ? [[text, shown] as const] : []
    })
  return fail({
    kind: 'invalid-request',
    detail: 'mend the request as `faults` says',
    faults: [...new Set(faults)].map((fault) =>
      masked.reduce((text, [number, shown]) => text.replaceAll(number, () => shown), fault),
    ),
  })
}

function fail(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem }
}
