import { once } from 'node:events'
import { connect } from 'node:net'
import type { SandboxPorts, SandboxState } from './sandbox-state.ts'

/**
 * Throws if the directory's sandbox still runs: its process lives and its S3 port answers. A number alone proves nothing,
 * because after a kill both the process id and the port may belong to somebody else.
 */
export async function refuseIfRunning(state: SandboxState): Promise<void> {
  const { pid = 0, ports } = state
  if (pid !== 0 && isAlive(pid) && ports?.s3 !== undefined && (await answers(ports.s3))) {
    throw new Error(`another sandbox uses the same directory (process ${pid})`)
  }
}

/**
 * Starts a server on the port that is wanted, else on the port of the last time, else, if that is taken, on any. Rejects
 * with EADDRINUSE if the wanted port is taken.
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
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return start(0)
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
