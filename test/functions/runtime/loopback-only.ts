import dns from 'node:dns'
import net from 'node:net'

// Loaded before the function: whatever it asks of a machine other than this one is said on standard error, and refused.

const LOCAL = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/

function refuseUnlessLocal(host: unknown): void {
  if (typeof host !== 'string' || LOCAL.test(host)) return
  process.stderr.write(`OUTSIDE ${host}\n`)
  throw new Error(`only loopback is allowed, not ${host}`)
}

/** Callers give (options), (port, host), (path), or an array of the same that net has put in order already. */
function hostOf(args: readonly unknown[]): unknown {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
  return typeof first === 'object' && first !== null ? Reflect.get(first, 'host') : second
}

function guard(owner: object, name: string, host: (args: readonly unknown[]) => unknown): void {
  const original = Reflect.get(owner, name) as (...args: unknown[]) => unknown
  const guarded = new Proxy(original, {
    apply(target, self, args: unknown[]) {
      refuseUnlessLocal(host(args))
      return Reflect.apply<unknown, unknown[], unknown>(target, self, args)
    },
  })
  Reflect.set(owner, name, guarded)
}

guard(net.Socket.prototype, 'connect', hostOf)
guard(dns, 'lookup', ([name]) => name)
