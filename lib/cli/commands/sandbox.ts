import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from '@commander-js/extra-typings'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { EXIT, type Finish } from '../exit-codes.ts'
import { count, printHint, printJson } from '../print.ts'
import { listSandbox } from '../demo/directory.ts'
import { createProgress, type Progress } from '../progress.ts'
import { UsageError } from '../usage-error.ts'
import { wholeNumber } from '../whole-number.ts'

const HELP = `
Prints one line of JSON when it is ready, with s3, sqs, bird, api and env (the whole environment of
the archiver), and stays until it is told to stop (Ctrl-C, SIGTERM). Bird, S3, SQS and the HTTP API listen on 127.0.0.1 only.

Examples:
  $ bird-archive sandbox                                   an empty cloud that leaves nothing behind
  $ bird-archive sandbox --recordings 50 --data .sandbox   Bird knows 50 calls; files stay in .sandbox
  $ bird-archive sandbox --data .sandbox                   the same cloud again: same keys, ports, files
  $ bird-archive sandbox --history 50000                   Bird lists 50,000 recordings of half a year besides

Exit codes: 0 stopped · 2 wrong arguments, a port or directory that is in use · 130 stopped before it was ready`

export function addSandboxCommand(program: Command, finish: Finish): void {
  const port = wholeNumber(1, 65_535)
  program
    .command('sandbox')
    .description(
      'keep a small cloud up on this machine: Bird, S3, SQS and the HTTP API to play and test with',
    )
    .option(
      '--recordings <number>',
      'how many calls Bird knows (default: what DIR holds, or none)',
      wholeNumber(0, 100_000),
    )
    .option(
      '--history <number>',
      'how many older recordings Bird lists besides, without audio (default: likewise)',
      wholeNumber(0, 200_000),
    )
    .option(
      '--history-days <number>',
      'over how many days they are spread (default: 180)',
      wholeNumber(1, 3650),
    )
    .option('--data <dir>', 'where its files are kept (default: a temporary directory, removed at the end)')
    .option('--seed <number>', 'another call center for each number', wholeNumber(0, 2 ** 31))
    .option('--s3-port <port>', 'default: that of the last time, or one that is free', port)
    .option('--sqs-port <port>', 'likewise', port)
    .option('--bird-port <port>', 'likewise', port)
    .option('--api-port <port>', 'likewise', port)
    .option(
      '--queue-clock <factor>',
      'how many times faster delays in the queue pass',
      wholeNumber(1, 10_000),
      1,
    )
    .option(
      '--visibility-timeout <seconds>',
      'how long a received message stays hidden',
      wholeNumber(1, 43_200),
      360,
    )
    // The parent draws the progress, and the sandbox ends with it.
    .addOption(new Option('--attended').hideHelp())
    .addHelpText('after', HELP)
    .action(async (options) => {
      finish(await keepUp(options))
    })
}

interface SandboxCommandOptions {
  readonly recordings?: number
  readonly history?: number
  readonly historyDays?: number
  readonly data?: string
  readonly seed?: number
  readonly s3Port?: number
  readonly sqsPort?: number
  readonly birdPort?: number
  readonly apiPort?: number
  readonly queueClock: number
  readonly visibilityTimeout: number
  readonly attended?: true
}

async function keepUp(options: SandboxCommandOptions): Promise<number> {
  const attended = options.attended === true
  // Before anything keeps this process alive: a refusal ends it.
  if (options.data !== undefined) await listSandbox(options.data)
  const stop = waitForStop(attended)
  const directory = options.data ?? (await mkdtemp(join(tmpdir(), 'bird-sandbox-')))
  const { recordings, history, historyDays, seed, s3Port, sqsPort, birdPort, apiPort } = options
  let progress: Progress | undefined
  const starting = startSandbox({
    directory,
    ...(recordings !== undefined && { recordings }),
    ...(history !== undefined && { history }),
    ...(historyDays !== undefined && { historyDays }),
    ...(seed !== undefined && { seed }),
    ports: {
      ...(s3Port !== undefined && { s3: s3Port }),
      ...(sqsPort !== undefined && { sqs: sqsPort }),
      ...(birdPort !== undefined && { bird: birdPort }),
      ...(apiPort !== undefined && { api: apiPort }),
    },
    queueClock: options.queueClock,
    visibilityTimeoutSeconds: options.visibilityTimeout,
    // With its libraries it takes a moment to load, and most sandboxes are never asked by HTTP.
    loadApi: async (env) => (await import('../sandbox-api.ts')).loadSandboxApi(directory, env),
    onProgress(made, total) {
      if (!attended && total > 0) {
        progress ??= createProgress('making recordings', total)
        progress.update(made, '')
      }
      if (attended && process.connected) process.send?.({ made, total })
    },
  })
  try {
    const sandbox = await Promise.race([starting, stop])
    progress?.stop()
    // Half-made recordings are safe to leave: the next start on the directory makes the rest.
    if (sandbox === undefined) return EXIT.interrupted
    printJson(sandbox.ready)
    const past = sandbox.history.length > 0 ? ` and ${count(sandbox.history.length, 'older recording')}` : ''
    printHint(
      `The sandbox is up: Bird knows ${count(sandbox.calls.length, 'call')}${past}, files are in ${directory}. Ctrl-C stops it.`,
    )
    await stop
    await sandbox.close()
    return EXIT.done
  } catch (error) {
    throw explainStart(error, options)
  } finally {
    progress?.stop()
    if (options.data === undefined) rmSync(directory, { recursive: true, force: true })
    if (attended && process.connected) process.disconnect()
  }
}

/** What of a failed start is for the caller to mend, as a UsageError; all else as it is. */
function explainStart(error: unknown, options: SandboxCommandOptions): unknown {
  if (!(error instanceof Error)) return error
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error) {
    const { port } = error
    const named = [
      ['--s3-port', options.s3Port],
      ['--sqs-port', options.sqsPort],
      ['--bird-port', options.birdPort],
      ['--api-port', options.apiPort],
    ] as const
    const [option] = named.find(([, wanted]) => wanted === port) ?? ['the port']
    return new UsageError('The sandbox does not start:', [
      `port ${String(port)} is taken: leave ${option} out or name another`,
    ])
  }
  if (error.message.startsWith('another sandbox uses'))
    return new UsageError('The sandbox does not start:', [
      `${error.message}: stop that one, or choose another directory with --data`,
    ])
  return / holds a sandbox of |there is no history/.test(error.message)
    ? new UsageError('The sandbox does not start:', [error.message])
    : error
}

/** Resolves at the first signal, and, if attended, when the parent is gone. */
function waitForStop(attended: boolean): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve(undefined))
    if (attended) process.once('disconnect', () => resolve(undefined))
  })
}
