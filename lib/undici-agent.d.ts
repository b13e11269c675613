/** undici's own file of its Agent; undici has types for its index alone. */
declare module 'undici/lib/dispatcher/agent.js' {
  import type { Agent } from 'undici'

  const AgentAlone: typeof Agent
  export = AgentAlone
}
