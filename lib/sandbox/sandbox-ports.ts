import type { SandboxPorts, SandboxState } from './sandbox-state.ts'

/**
 * Starts a server on the port that is wanted, else on the port of the last time, else, if that is taken, on any. Throws if
 * the wanted port is taken, or if the process that used the directory last is alive and so may hold the port.
 */
export async function startOnPort<Server>(
  name: keyof SandboxPorts,
  wanted: SandboxPorts | undefined,
  state: SandboxState,
  start: (port: number) => Promise<Server>,
): Promise<Server> {
  const named = wanted?.[name]
  if (named !== undefined && named !== 0) return start(named)
  try {
    return await start(state.ports?.[name] ?? 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    if (isAlive(state.pid)) {
      throw new Error(`another sandbox uses the same directory (process ${state.pid})`, {
        cause: error,
      })
    }
    return start(0)
  }
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined || pid === 0) return false
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
