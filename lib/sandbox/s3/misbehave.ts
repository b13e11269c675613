import { closeSync } from 'node:fs'
import type { Answer } from './context.ts'
import type { S3Fault } from './faults.ts'
import { errorXml, isFile } from './send-answer.ts'

/** What becomes of a request: an answer, the connection's end, or silence. */
export type Conduct = Answer | 'cut' | 'stall'

/** The conduct that a fault puts in the place of an answer; undefined for faults that work inside the operation. */
function spoiledAnswer(fault: S3Fault): Conduct | undefined {
  switch (fault.kind) {
    case 'respond': {
      const { status, headers = {}, body } = fault
      return { status, headers, ...(body === undefined ? {} : { body }) }
    }
    case 'error':
      return {
        status: fault.status,
        headers: { 'content-type': 'application/xml' },
        body: errorXml(fault.code, fault.message ?? 'Scripted fault.', {}),
      }
    case 'error-in-200':
      return {
        status: 200,
        headers: { 'content-type': 'application/xml' },
        body: errorXml(fault.code, 'Scripted fault.', {}),
      }
    case 'cut':
      return 'cut'
    case 'stall':
      return 'stall'
    default:
      return undefined
  }
}

/** Runs an operation the way a fault wants it: properly, not at all, or only to spoil its answer. */
export async function carryOut(
  fault: S3Fault | undefined,
  run: () => Answer | Promise<Answer>,
): Promise<Conduct> {
  const spoiled = fault && spoiledAnswer(fault)
  if (spoiled === undefined) return await run()
  if (fault && 'after' in fault && fault.after) {
    const { body } = await run()
    if (isFile(body)) closeSync(body.fd)
  }
  return spoiled
}
