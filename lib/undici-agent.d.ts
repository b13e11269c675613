/** undici's own file of its Agent; undici has types for its index alone. */
declare module 'undici/lib/dispatcher/agent.js' {
  const AgentAlone: typeof import('undici').Agent
  export = AgentAlone
}
