import { devNull } from 'node:os'
import type { SandboxReady } from '../sandbox/sandbox-ready.ts'

/** The AWS SDK reads its settings from the process: those of the sandbox, and nothing of whoever is at home here. */
export function useSandboxEnvironment(env: SandboxReady['env']): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, env, { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull })
}
