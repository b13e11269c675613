import { request } from 'node:http'
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Fault, S3Request } from '../../lib/sandbox/s3-server.ts'
import { bucket, startTestS3 } from './s3-sandbox.ts'

/** The object that misbehaves. */
export const at = { Bucket: bucket, Key: 'k' }
export const BODY = 'abcdefghijklmnopqrstuvwxyz'

/** A server on which `script.operation` misbehaves as `script.fault` says. */
export async function startFaulty(operation: string, fault: S3Fault, options: { objectLock?: boolean } = {}) {
  const script: { operation: string; fault: S3Fault | undefined; seen: S3Request[] } = {
    operation,
    fault,
    seen: [],
  }
  const s3 = await startTestS3({
    ...options,
    faults(asked) {
      script.seen.push(asked)
      return asked.operation === script.operation ? script.fault : undefined
    },
  })
  const put = (more: object = {}) => s3.client.send(new PutObjectCommand({ ...at, Body: BODY, ...more }))
  const head = () => s3.client.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }))
  return { ...s3, script, put, head }
}

export interface Raw {
  status: number
  headers: Record<string, unknown>
  body: string
  /** whether the body ended as HTTP says it must */
  complete: boolean
}

/** A GET that keeps whatever comes, up to `until` bytes, however the connection ends. */
export async function rawGet(
  url: string,
  headers: Record<string, string> = {},
  until = Infinity,
): Promise<Raw> {
  return await new Promise((resolve, reject) => {
    const get = request(url, { headers, agent: false })
    get.on('error', reject)
    get.on('response', (response) => {
      let body = ''
      const end = () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          complete: response.complete,
        })
        get.destroy()
      }
      response.setEncoding('utf8')
      response.on('error', () => undefined)
      response.on('data', (chunk: string) => {
        body += chunk
        if (body.length >= until) end()
      })
      response.on('close', end)
    })
    get.end()
  })
}
