import { randomUUID } from 'node:crypto'
import type { Context } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { composeApiFunction } from '../../lib/compose-api.ts'
import { createJsonLog } from '../../lib/log.ts'
import { MAX_SIDECAR_BYTES } from '../../lib/verify/claim.ts'
import { eventOf } from '../helpers/api-event.ts'
import { startApiWorld } from '../helpers/api-world.ts'
import { VERIFY_WORKSPACE } from '../helpers/verify-world.ts'

const context = { functionName: 'retrieve', getRemainingTimeInMillis: () => 20_000 } as Context

it('an instance is wired once, at its first request', async () => {
  const world = await startApiWorld()
  const { id } = await world.keep()
  const env: Record<string, string | undefined> = { ...world.apiEnv }
  const log = createJsonLog(
    () => undefined,
    'error',
    () => new Date(),
  )
  const handler = composeApiFunction(env, { log })
  const ask = async (): Promise<number | undefined> =>
    (await handler(eventOf({ path: `/recordings/${id}` }), context)).statusCode
  const bucket = env['ARCHIVE_BUCKET']
  env['ARCHIVE_BUCKET'] = undefined
  expect(await ask()).toBe(500)
  // What was wrong is looked at again; what was right is not.
  env['ARCHIVE_BUCKET'] = bucket
  expect(await ask()).toBe(200)
  env['ARCHIVE_BUCKET'] = undefined
  expect(await ask()).toBe(200)
})

describe('a recording', () => {
  it('is looked for in the workspace that is named, whatever its letters, and in no other', async () => {
    const world = await startApiWorld()
    const { id } = await world.keep()
    const ask = async (workspace: string): Promise<number> =>
      (await world.ask({ path: `/recordings/${id}`, query: `workspace=${workspace}` })).status
    expect(await ask(VERIFY_WORKSPACE.toUpperCase())).toBe(200)
    expect(await ask(randomUUID())).toBe(404)
  })

  it('whose sidecar is longer than any is not handed out: no answer would take it', async () => {
    const world = await startApiWorld()
    const { id } = await world.keep({ edit: (text) => `${text.trimEnd()}${' '.repeat(MAX_SIDECAR_BYTES)}\n` })
    expect(await world.ask(`/recordings/${id}`)).toMatchObject({
      status: 409,
      body: { type: 'urn:bird-recording-archiver:problem:evidence-differs' },
    })
  })
})

it('a body is measured in bytes, as it was before it was escaped for the event', async () => {
  const world = await startApiWorld()
  const { id } = await world.keep()
  const ask = async (body: string, isBase64Encoded: boolean): Promise<number> => {
    const headers = { 'content-type': 'application/json' }
    const call = { method: 'POST', path: `/recordings/${id}/link`, headers, isBase64Encoded }
    return (await world.ask({ ...call, body })).status
  }
  const wide = `{"reason": "${'ü'.repeat(9_000)}"}`
  expect([await ask(wide, false), await ask(btoa('x'.repeat(16_385)), true)]).toEqual([413, 413])
  const longest = `{"reason": "complaint"}${' '.repeat(16_384)}`.slice(0, 16_384)
  expect([await ask(longest, false), await ask(btoa(longest), true)]).toEqual([200, 200])
})
