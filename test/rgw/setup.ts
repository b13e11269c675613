import type { TestProject } from 'vitest/node'
import { type Gateway, startGateway } from './gateway.ts'
import { installGateway } from './install.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The gateway that the whole run shares; each test file makes buckets of its own. */
    gateway: Pick<Gateway, 'endpoint' | 'region'> & {
      readonly credentials: { accessKeyId: string; secretAccessKey: string }
    }
  }
}

let gateway: Gateway | undefined

/** Runs once, before the first test file. */
export async function setup(project: TestProject): Promise<void> {
  installGateway()
  gateway = await startGateway()
  const { endpoint, region, credentials } = gateway
  project.provide('gateway', { endpoint, region, credentials: { ...credentials } })
}

/** Runs after the last test file, whatever happened before. */
export async function teardown(): Promise<void> {
  await gateway?.[Symbol.asyncDispose]()
}
