import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { readArchiveConfig } from '../archive-config.ts'
import type { Catalog, PatientCatalog } from '../catalog/catalog.ts'
import type { ApiFunction } from '../sandbox/api-server.ts'
import type { SandboxReady } from '../sandbox/sandbox-ready.ts'
import { createJsonLog } from '../log.ts'
import { useSandboxEnvironment } from './sandbox-environment.ts'

/** Where the functions of a sandbox log to. */
export const FUNCTION_LOG = 'function.log'

/**
 * Makes the deployed function of the HTTP API for a sandbox: the same, but that it searches with DuckDB, over the files that
 * Athena would read.
 * @param directory of the sandbox
 */
export async function loadSandboxApi(directory: string, env: SandboxReady['env']): Promise<ApiFunction> {
  useSandboxEnvironment(env)
  const [{ composeApiFunction }, { composeCatalog }] = await Promise.all([
    import('../compose-api.ts'),
    import('../compose-catalog.ts'),
  ])
  const { catalog } = composeCatalog(readArchiveConfig(env), { directory: join(directory, 'catalog-cache') })
  const write = (line: string): void => appendFileSync(join(directory, FUNCTION_LOG), `${line}\n`)
  const log = createJsonLog(write, 'info', () => new Date())
  return composeApiFunction(env, { log, catalog: withoutWaiting(catalog) })
}

/** Nobody has to wait for what is searched in the process itself. */
function withoutWaiting(catalog: Catalog): PatientCatalog {
  return {
    search: (criteria, page, signal) => catalog.search(criteria, page, signal),
    async searchFor(criteria, page, { query }, signal) {
      if (query !== undefined) return { kind: 'unknown-query' }
      return { kind: 'found', result: await catalog.search(criteria, page, signal) }
    },
  }
}
