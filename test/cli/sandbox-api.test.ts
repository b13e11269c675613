import { expect, onTestFinished, test } from 'vitest'
import { run, startSandboxCommand } from './command.ts'

/** The parts of an answer that these tests look at. */
interface Answer {
  readonly recordings: readonly { readonly recordingId: string }[]
  readonly url: string
}

test('answers the HTTP API over what has been archived, and nobody who does not sign with its key', async () => {
  const { command, ready } = await startSandboxCommand(['--recordings', '2'])
  onTestFinished(async () => {
    command.child.kill('SIGTERM')
    await command.done
  })
  const { env, api, s3, bird } = ready
  const ask = (path: string, key: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${api?.url ?? ''}${path}`, {
      ...init,
      headers: {
        ...(init.headers as Record<string, string>),
        authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260301/${s3.region}/execute-api/aws4_request, SignedHeaders=host, Signature=00`,
      },
    })
  const listed = await fetch(`${bird.url}/workspaces/${bird.workspaceId}/recordings?limit=9`, {
    headers: { authorization: `AccessKey ${bird.accessKey}` },
  })
  const { results } = (await listed.json()) as { results: { id: string }[] }
  await run(['archive', ...results.map(({ id }) => id)], env)

  const found = await ask('/recordings?reason=case%204711', s3.accessKeyId)
  expect(found.status).toBe(200)
  const { recordings } = (await found.json()) as Answer
  const [recording] = recordings
  expect(results.map(({ id }) => id)).toContain(recording?.recordingId)

  const linked = await ask(`/recordings/${recording?.recordingId ?? ''}/link`, s3.accessKeyId, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ minutes: 1, reason: 'case 4711' }),
  })
  expect(linked.status).toBe(200)
  const audio = await fetch(((await linked.json()) as Answer).url)
  expect([audio.status, audio.headers.get('content-type')]).toEqual([200, 'audio/mpeg'])

  const { stdout } = await run(['access', '--json'], env)
  const lines = stdout.trim().split('\n')
  expect(lines.map((line) => (JSON.parse(line) as { action: string }).action)).toEqual(['search', 'link'])
  expect(stdout).toContain('arn:aws:iam::000000000000:user/sandbox')

  const unknown = await ask('/nothing', s3.accessKeyId)
  expect([unknown.status, unknown.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
  expect((await ask('/recordings', 'SOMEBODYELSE')).status).toBe(403)
  expect((await fetch(`${api?.url ?? ''}/openapi.json`)).status).toBe(403)
})
