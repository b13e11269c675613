import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { authenticate } from './authenticate.ts'
import type { Account } from './authenticate.ts'
import { effectiveHeaders } from './context.ts'
import type { Context } from './context.ts'
import type { S3Fault, S3Faults, S3Request } from './faults.ts'
import { carryOut } from './misbehave.ts'
import type { Conduct } from './misbehave.ts'
import { findOperation } from './operations.ts'
import type { NamedOperation } from './operations.ts'
import { errorAnswer, isFile, sendAnswer, sendFaultyBody } from './send-answer.ts'
import type { Store } from './store.ts'
import { readTarget } from './target.ts'

/** What all requests share. */
export interface Service {
  store: Store
  account: Account
  now: () => Date
  faults: S3Faults
}

function describe({ target, identity, headers }: Context, operation: NamedOperation): S3Request {
  const partNumber = Number(target.query.get('partNumber'))
  const uploadId = target.query.get('uploadId')
  return {
    operation: operation.name,
    bucket: target.bucket,
    key: target.key,
    ...(partNumber > 0 ? { partNumber } : {}),
    ...(uploadId === undefined ? {} : { uploadId }),
    presigned: identity.presigned,
    headers,
  }
}

function prepare(
  service: Service,
  request: IncomingMessage,
  beforeRead: () => void,
): { context: Context; operation: NamedOperation } {
  const { store, account, faults } = service
  const method = request.method ?? 'GET'
  const now = service.now()
  const target = readTarget(request.url ?? '/', request.headers)
  const identity = authenticate(method, target, request.headers, account, now)
  const headers = effectiveHeaders(request.headers, target.query, identity.presigned)
  const operation = findOperation(method, target, headers)
  const context: Context = {
    store,
    target,
    headers,
    identity,
    // The query's checksums are no promise of this body, and neither are its other headers about it.
    incoming: { request, headers: request.headers, identity, beforeRead },
    fault: undefined,
    now,
    region: account.region,
  }
  return { operation, context: { ...context, fault: faults(describe(context, operation)) } }
}

/** Answers one request, whatever comes; `expected` when the client waits for `100 Continue` before it sends its body. */
export async function handleRequest(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
  expected: boolean,
): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase()
  response.setHeader('x-amz-request-id', requestId)
  response.setHeader('x-amz-id-2', requestId)
  response.setHeader('date', service.now().toUTCString())
  const beforeRead = (): void => {
    if (expected) response.writeContinue()
  }
  let fault: S3Fault | undefined
  let conduct: Conduct
  try {
    const { context, operation } = prepare(service, request, beforeRead)
    fault = context.fault
    conduct = await carryOut(fault, () => operation.run(context))
  } catch (error) {
    conduct = errorAnswer(error, requestId, request.url?.split('?', 1)[0] ?? '/')
  }
  await behave(response, conduct, fault)
}

async function behave(response: ServerResponse, conduct: Conduct, fault: S3Fault | undefined): Promise<void> {
  if (conduct === 'stall') return
  if (conduct === 'cut') {
    response.socket?.destroy()
    return
  }
  try {
    const { body } = conduct
    if (fault?.kind === 'body' && isFile(body)) await sendFaultyBody(response, { ...conduct, body }, fault)
    else await sendAnswer(response, conduct)
  } catch {
    // The client went away in the middle, or the file under us did: the connection is all that is left to end.
    response.destroy()
  }
}
