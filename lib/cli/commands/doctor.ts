import type { Command } from '@commander-js/extra-typings'
import { inspectBird } from '../../bird/inspect.ts'
import { accessKeyFrom } from '../../compose-key.ts'
import { type Config, readConfig } from '../../config.ts'
import { systemClock } from '../../deadline.ts'
import { type DoctorSystems, examine, judgeEnvironment } from '../../doctor/doctor.ts'
import { countLevels, type Finding } from '../../doctor/finding.ts'
import { ConfigurationError } from '../../errors.ts'
import { connectS3 } from '../../s3/client.ts'
import { inspectBucket } from '../../s3/inspect.ts'
import { inspectQueues } from '../../sqs/inspect.ts'
import { describeFindings } from '../doctor-report.ts'
import { EXIT, type Finish } from '../exit-codes.ts'
import { readFunctionTimeout } from '../function-timeout.ts'
import { isRecordingId } from '../../archive/message.ts'
import { printJson, printLine } from '../print.ts'
import { UsageError } from '../usage-error.ts'
import { wholeNumber } from '../whole-number.ts'

const HELP = `
Looks at a deployed or a local set-up with the environment that the function has: the settings, what the Bird key may do
(list, metadata, redirect of one recording), the clock, the bucket and the queues. Nothing is written, nothing is
downloaded. Whatever is not in order says why that matters and how it is mended. What the credentials may not see is
marked ?: that says nothing against the set-up.

Examples:
  $ bird-archive doctor                                        with the first available recording of the list
  $ bird-archive doctor 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd   with this one
  $ bird-archive doctor --no-queues                            for use from a terminal, without queues
  $ bird-archive doctor --json | jq -r 'select(.level == "fail") | .mend'

Exit codes: 0 nothing is wrong (warnings allowed) · 1 something is · 2 wrong arguments or environment`

export function addDoctorCommand(program: Command, finish: Finish): void {
  program
    .command('doctor')
    .description('check the set-up: key, clock, bucket and queues, each fault with its mend')
    .argument('[id]', 'a recording to try the Bird key on')
    .option(
      '--function-timeout <seconds>',
      "the function's timeout, to judge the queue's visibility timeout by",
      wholeNumber(1, 900),
    )
    .option('--no-queues', 'leave the queues out')
    .option('--json', 'a line of JSON for each finding and one for the whole')
    .addHelpText('after', HELP)
    .action(async (id, { json = false, ...options }) => {
      finish(await doctor(id, { ...options, json }))
    })
}

interface DoctorOptions {
  readonly functionTimeout?: number
  readonly queues: boolean
  readonly json: boolean
}

async function doctor(recordingId: string | undefined, options: DoctorOptions): Promise<number> {
  if (recordingId !== undefined && !isRecordingId(recordingId))
    throw new UsageError('The recording cannot be asked for:', [`"${recordingId}" is not a UUID`])
  const config = readEnvironment(options.queues)
  if ('faults' in config) {
    report(judgeEnvironment(config.faults), options.json)
    return EXIT.misconfigured
  }
  const findings = await examine(config, systemsOf(config), {
    recordingId,
    functionTimeoutSeconds: options.functionTimeout ?? readFunctionTimeout(),
    region: process.env['AWS_REGION'],
  })
  report(findings, options.json)
  return countLevels(findings).fail === 0 ? EXIT.done : EXIT.incomplete
}

function readEnvironment(queues: boolean): Config | { readonly faults: readonly string[] } {
  try {
    const config = readConfig(process.env, { queues })
    return queues ? config : { ...config, queues: undefined }
  } catch (error) {
    if (error instanceof ConfigurationError) return { faults: error.faults }
    throw error
  }
}

function systemsOf(config: Config): DoctorSystems {
  const { birdApiUrl: apiUrl, workspaceId, mediaOrigins: origins, bucket, prefix, queues } = config
  const { now } = systemClock
  return {
    inspectBird: (recordingId) =>
      inspectBird({ apiUrl, workspaceId, accessKey: accessKeyFrom(config), origins, recordingId, now }),
    async inspectBucket() {
      const s3 = connectS3({ forcePathStyle: config.forcePathStyle, sockets: 4 })
      try {
        return await inspectBucket(s3.client, bucket, prefix, now)
      } finally {
        await s3.close()
      }
    },
    inspectQueues: () => inspectQueues(queues?.queueUrl ?? '', queues?.deadLetterQueueUrl ?? ''),
  }
}

function report(findings: readonly Finding[], json: boolean): void {
  if (!json) for (const line of describeFindings(findings)) printLine(line)
  else {
    for (const finding of findings) printJson(finding)
    printJson({ summary: countLevels(findings) })
  }
}
