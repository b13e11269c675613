import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get as getPlain } from 'node:http'
import { get as getSecure } from 'node:https'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Workload } from './workloads.ts'

/** A certificate for 127.0.0.1 that vouches for itself, as PEM files. */
export interface Certificate {
  readonly certificateFile: string
  readonly keyFile: string
}

/** Counts of requests (`api.link`), connections (`connections.s3`) and what is stored (`stored.audio`), by name. */
export type CloudCounts = Readonly<Record<string, number>>

/** The origin and the sink, running. */
export interface Cloud {
  readonly scheme: 'http' | 'https'
  readonly ports: { readonly api: number; readonly media: number; readonly s3: number }
  counts(): Promise<CloudCounts>
  /** Forgets all objects and counts, and fills the rate limit's bucket. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** Starts `native/cloud.c` for a workload; the system chooses its ports. */
export async function startCloud(
  program: string,
  sampleFile: string,
  workload: Workload,
  certificate: Certificate,
): Promise<Cloud> {
  const { tls, delayMs, getsPerSecond } = workload
  const child = spawn(
    program,
    [
      '--sample',
      sampleFile,
      '--delay-ms',
      String(delayMs),
      '--gets-per-second',
      String(getsPerSecond),
      ...(tls ? ['--cert', certificate.certificateFile, '--key', certificate.keyFile] : []),
    ],
    // It ends when its standard input does, so it does not outlive this process.
    { stdio: ['pipe', 'pipe', 'inherit'], detached: true },
  )
  const exited = once(child, 'exit')
  exited.catch(() => {})
  const ready: unknown = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([line]) => String(line)),
    exited.then(([code]) => {
      throw new Error(`the cloud ended at once with exit code ${String(code)}`)
    }),
  ])
  const ports = JSON.parse(String(ready)) as Cloud['ports']
  const scheme = tls ? 'https' : 'http'
  return {
    scheme,
    ports,
    counts: async () =>
      JSON.parse(await ask(`${scheme}://127.0.0.1:${ports.s3}/_stats`, certificate)) as CloudCounts,
    async reset() {
      await ask(`${scheme}://127.0.0.1:${ports.s3}/_reset`, certificate)
    },
    async close() {
      child.stdin.end()
      await exited
    },
  }
}

async function ask(url: string, certificate: Certificate): Promise<string> {
  // No agent: a connection that is kept would count.
  const request = url.startsWith('https:')
    ? getSecure(url, { agent: false, ca: readFileSync(certificate.certificateFile) })
    : getPlain(url, { agent: false })
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
  return await text(response)
}
