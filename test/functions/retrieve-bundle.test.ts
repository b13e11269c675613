import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { expectDocumented } from '../helpers/api-contract.ts'
import { type ApiCall, eventOf } from '../helpers/api-event.ts'
import { startApiWorld } from '../helpers/api-world.ts'
import { invokeBundle } from '../helpers/invoke-bundle.ts'

it('the built function, alone in a process with nothing but its environment, answers each route', async () => {
  const world = await startApiWorld()
  const kept = await world.catalogue()
  const calls: readonly ApiCall[] = [
    { path: '/recordings', query: 'findings=none&limit=1' },
    { path: `/recordings/${kept.id}` },
    { path: `/recordings/${kept.id}/link`, method: 'POST' },
    { path: `/recordings/${kept.id}/verification` },
    { path: '/openapi.json' },
    { path: '/nowhere' },
  ]
  const run = await invokeBundle('retrieve', 'retrieve', calls.map(eventOf), world.apiEnv)
  const answers = run.answers as readonly Answer[]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200, 404])
  for (const [index, { statusCode, headers, body }] of answers.entries()) {
    const { method = 'GET', path } = calls[index] ?? { path: '' }
    expectDocumented(method, path, { status: statusCode, headers, text: body })
  }
  const served = run.lines.filter(({ event }) => event === 'request.served')
  expect(served.map(({ status }) => Number(status))).toEqual([200, 200, 200, 200, 200, 404])
  expect(JSON.stringify(served)).not.toMatch(/X-Amz|test-secret/)
  expect(await world.accessLines()).toMatchObject([
    { action: 'search' },
    { action: 'show' },
    { action: 'link' },
    { action: 'verify' },
  ])
})

interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

it('is made of neither the embedded database nor anything that holds, releases or extends', async () => {
  const { metafile } = await build({
    entryPoints: ['functions/retrieve.ts'],
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    bundle: true,
    platform: 'node',
    mainFields: ['module', 'main'],
    metafile: true,
    write: false,
  })
  const inputs = Object.keys(metafile.inputs)
  expect(inputs).toContain('lib/catalog/athena.ts')
  expect(
    inputs.filter((path) => /duckdb|lib\/s3\/(custody|holds)|compose-keep|lib\/(cli|sandbox)\//.test(path)),
  ).toEqual([])
})
