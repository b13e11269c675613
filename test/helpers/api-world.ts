import { S3Client } from '@aws-sdk/client-s3'
import type { APIGatewayProxyEventV2WithIAMAuthorizer, Context } from 'aws-lambda'
import { onTestFinished } from 'vitest'
import { utcDay } from '../../lib/archive/keys.ts'
import { readSidecar } from '../../lib/archive/sidecar.ts'
import { type CatalogEntry, toEntry } from '../../lib/catalog/entry.ts'
import { type ApiHandler, type ApiOptions, composeApiFunction } from '../../lib/compose-api.ts'
import { systemClock } from '../../lib/deadline.ts'
import { createJsonLog } from '../../lib/log.ts'
import { expectDocumented } from './api-contract.ts'
import { type ApiCall, eventOf } from './api-event.ts'
import { type AthenaServer, startAthena } from './athena-server.ts'
import { createAthenaTables } from './athena-tables.ts'
import { segmentOf } from './catalog-rows.ts'
import {
  BUCKET,
  type Kept,
  type KeepOptions,
  startVerifyWorld,
  VERIFY_WORKSPACE,
  type VerifyWorld,
} from './verify-world.ts'

export type Fields = Readonly<Record<string, ReturnType<typeof JSON.parse>>>

/** What came of a request. */
export interface ApiReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** Parsed; of an empty body, an empty object. */
  readonly body: Fields
  /** What was logged. */
  readonly events: readonly Fields[]
}

/** The archive's bucket, an Athena over it, and the API in front of both. */
export interface ApiWorld extends VerifyWorld {
  readonly athena: AthenaServer
  /** What the function's environment is. */
  readonly apiEnv: Readonly<Record<string, string>>
  /** Asks the function, in the instance that it is; each answer is held against the OpenAPI document. */
  ask(
    call: ApiCall | string,
    more?: {
      readonly remainingMs?: number
      readonly event?: (made: APIGatewayProxyEventV2WithIAMAuthorizer) => unknown
    },
  ): Promise<ApiReply>
  /** Keeps a recording and puts its row into the catalog. */
  catalogue(options?: KeepOptions): Promise<Kept>
  putRows(day: string, name: string, rows: readonly CatalogEntry[]): Promise<void>
  accessLines(): Promise<Fields[]>
  /** Another instance of the function, in another environment. */
  instance(env?: Readonly<Record<string, string>>, options?: ApiOptions): void
}

const WORK_GROUP = 'recordings-search'
const FIRST_DAY = '2020-01-01'
/** What API Gateway leaves a request. */
const REMAINING_MS = 29_000

/** A clock on which no pause takes any time. */
const clock = {
  ...systemClock,
  pause: (_ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) reject(signal.reason as Error)
      else setImmediate(resolve)
    }),
}

/** Starts it on 127.0.0.1 for the running test. */
export async function startApiWorld(environment: Readonly<Record<string, string>> = {}): Promise<ApiWorld> {
  const world = await startVerifyWorld()
  onTestFinished(() => world[Symbol.asyncDispose]())
  const client = new S3Client({ forcePathStyle: true, customUserAgent: 'verify-world' })
  onTestFinished(() => client.destroy())
  const days = { first: FIRST_DAY, last: '2099-12-31' }
  const athena = await startAthena(createAthenaTables({ client, bucket: BUCKET, days }), WORK_GROUP)
  const env = {
    ...world.env,
    AWS_ENDPOINT_URL_ATHENA: athena.url,
    CATALOG_DATABASE: 'recordings',
    CATALOG_WORK_GROUP: WORK_GROUP,
    CATALOG_FIRST_DAY: FIRST_DAY,
  }
  // What the SDK itself reads it takes from the process.
  Object.assign(process.env, env)
  const lines: string[] = []
  let handler: ApiHandler
  const putRows: ApiWorld['putRows'] = async (day, name, rows) => {
    await world.put(`catalog/workspace=${VERIFY_WORKSPACE}/day=${day}/${name}.ndjson`, segmentOf(rows))
  }
  const api: Omit<ApiWorld, keyof VerifyWorld> = {
    athena,
    apiEnv: { ...env, ...environment },
    instance(more = {}, options = {}) {
      const log = createJsonLog((line) => void lines.push(line), 'debug', systemClock.now)
      handler = composeApiFunction({ ...env, ...environment, ...more }, { clock, log, ...options })
    },
    async ask(asked, { remainingMs = REMAINING_MS, event } = {}) {
      const call = typeof asked === 'string' ? { path: asked } : asked
      const before = lines.length
      const endsAt = Date.now() + remainingMs
      const context = { functionName: 'retrieve', getRemainingTimeInMillis: () => endsAt - Date.now() }
      const made = eventOf(call)
      const given = await handler(event === undefined ? made : event(made), context as Context)
      const { statusCode: status = 0, body: text = '' } = given
      const headers = Object.fromEntries(
        Object.entries(given.headers ?? {}).map(([name, value]) => [name, String(value)]),
      )
      expectDocumented(call.method ?? 'GET', call.path, { status, headers, text })
      return {
        status,
        headers,
        text,
        body: (text === '' ? {} : JSON.parse(text)) as Fields,
        events: lines.slice(before).map((line) => JSON.parse(line) as Fields),
      }
    },
    async catalogue(options) {
      const kept = await world.keep(options)
      const read = readSidecar(kept.sidecar)
      if (!read.ok) throw new Error(read.reason)
      const entry = toEntry(read.sidecar)
      await putRows(utcDay(new Date(entry.created_at)), kept.id, [entry])
      return kept
    },
    putRows,
    async accessLines() {
      return await Promise.all((await world.keys('access/')).map((key) => world.json(key)))
    },
  }
  api.instance()
  return Object.assign(world, api)
}
