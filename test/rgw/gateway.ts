import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { monitorAddress, writeCephConf } from './ceph-conf.ts'

const run = promisify(execFile)

/** A running S3 of another make. */
export interface Gateway extends AsyncDisposable {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

const READY_MS = 60_000
const STOP_MS = 5_000
const POOLS = ['log', 'control', 'meta', 'buckets.index', 'buckets.data', 'buckets.non-ec']

/**
 * Starts Ceph's RADOS Gateway from nothing: a monitor, a storage daemon in memory, the gateway; on free ports of 127.0.0.1,
 * with its state in a directory of its own. All of it ends when disposed, and with this process, however that ends.
 * @throws Error with the end of the daemon's log if one of them does not get ready
 */
export async function startGateway(): Promise<Gateway> {
  const directory = await mkdtemp(join(tmpdir(), 'rgw-'))
  await using started = new AsyncDisposableStack()
  started.defer(() => rm(directory, { recursive: true, force: true }))
  for (const name of ['mon', 'osd', 'rgw', 'log', 'run']) mkdirSync(join(directory, name))
  const [monV2, monV1, s3] = await findFreePorts()
  const place = { directory, fsid: randomUUID(), ports: { monV2, monV1, s3 } }
  const file = join(directory, 'ceph.conf')
  writeFileSync(file, writeCephConf(place))
  const conf = ['-c', file]
  const daemon = (name: string, program: string, ...args: string[]): ChildProcess => {
    const child = startDaemon(join(directory, 'log', `${name}.out`), program, ...conf, ...args, '-f')
    started.defer(() => stopDaemon(child))
    return child
  }
  const ceph = (...args: string[]) => run('ceph', [...conf, '--connect-timeout', '20', ...args])

  const monitorMap = join(directory, 'monmap')
  const address = monitorAddress(place.ports)
  await run('monmaptool', ['--create', '--fsid', place.fsid, '--addv', 'a', address, monitorMap])
  await run('ceph-mon', [...conf, '-i', 'a', '--mkfs', '--monmap', monitorMap])
  const monitor = daemon('mon', 'ceph-mon', '-i', 'a')
  await untilReady('mon', directory, monitor, async () => void (await ceph('quorum_status')))

  const osdId = randomUUID()
  await ceph('osd', 'new', osdId, '0')
  await run('ceph-osd', [...conf, '-i', '0', '--mkfs', '--osd-uuid', osdId, '--no-mon-config'])
  const osd = daemon('osd', 'ceph-osd', '-i', '0')
  await untilReady('osd', directory, osd, async () => {
    if (!(await ceph('osd', 'stat')).stdout.includes('1 up')) throw new Error('not up')
  })

  // Made on demand each of them costs a second in the middle of somebody's test.
  const pools = ['.rgw.root', ...POOLS.map((name) => `default.rgw.${name}`)]
  await Promise.all(pools.map((name) => ceph('osd', 'pool', 'create', name, '4', '4')))
  const credentials = { accessKeyId: 'RGWTESTKEYID', secretAccessKey: randomBytes(20).toString('hex') }
  const user = ['user', 'create', '--uid=archiver', '--display-name=archiver']
  const keys = [`--access-key=${credentials.accessKeyId}`, `--secret-key=${credentials.secretAccessKey}`]
  await run('radosgw-admin', [...conf, '-n', 'client.admin', ...user, ...keys])
  const endpoint = `http://127.0.0.1:${s3}`
  const gateway = daemon('rgw', 'radosgw', '-n', 'client.rgw.a')
  await untilReady('rgw', directory, gateway, async () => void (await fetch(endpoint)))

  const running = started.move()
  return {
    endpoint,
    region: 'us-east-1',
    credentials,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** The kernel ends the daemon when this process dies, so that not even a kill -9 leaves one behind. */
function startDaemon(outFile: string, program: string, ...args: string[]): ChildProcess {
  const out = openSync(outFile, 'a')
  return spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio: ['ignore', out, out] })
}

async function stopDaemon(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(timer)
}

async function untilReady(
  name: string,
  directory: string,
  daemon: ChildProcess,
  look: () => Promise<void>,
): Promise<void> {
  for (const giveUpAt = Date.now() + READY_MS; ; await delay(100)) {
    try {
      return await look()
    } catch (cause) {
      if (daemon.exitCode === null && Date.now() < giveUpAt) continue
      const out = readFileSync(join(directory, 'log', `${name}.out`), 'utf8').slice(-2000)
      throw new Error(`Ceph's ${name} is not ready: ${out}`, { cause })
    }
  }
}

/** Three ports that are free now; all are held until the last is known, so that they differ. */
async function findFreePorts(): Promise<[number, number, number]> {
  const servers = [createServer(), createServer(), createServer()] as const
  const ports = servers.map(async (server) => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  const [monV2 = 0, monV1 = 0, s3 = 0] = await Promise.all(ports)
  await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve)
        }),
    ),
  )
  return [monV2, monV1, s3]
}
