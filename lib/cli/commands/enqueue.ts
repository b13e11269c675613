import type { Command } from '@commander-js/extra-typings'
import { systemClock } from '../../deadline.ts'
import { ConfigurationError } from '../../errors.ts'
import { createSender } from '../../sqs/send.ts'
import { EXIT, type Finish } from '../exit-codes.ts'
import { count, printJson, printLine, printProblem, style } from '../print.ts'
import { createProgress, NO_PROGRESS } from '../progress.ts'
import { readRecordings } from '../read-recordings.ts'

const HELP = `
The list: one id a line, CSV (a column named recordingId or id, else the first column) or JSON lines with recordingId.
Empty lines and lines that start with # don't count. If one line can't be read, nothing is sent.
Sending an id again does no harm: what is archived stays as it is.

The environment: QUEUE_URL, AWS_REGION, and AWS credentials that may sqs:SendMessage.

Examples:
  $ bird-archive enqueue 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd
  $ bird-archive enqueue --ids ids.csv
  $ grep -v done list.txt | bird-archive enqueue --ids -`

export function addEnqueueCommand(program: Command, finish: Finish): void {
  program
    .command('enqueue')
    .description('send recording ids to the queue, for the deployed function to archive')
    .argument('[ids...]', 'recording ids (UUIDs)')
    .option('--ids <file>', 'a list of ids; - is stdin')
    .option('--json', 'a line of JSON for each recording and one for the whole')
    .addHelpText('after', HELP)
    .action(async (ids, { ids: file, json = false }) => {
      finish(await enqueue(ids, file, json))
    })
}

async function enqueue(ids: readonly string[], file: string | undefined, json: boolean): Promise<number> {
  const { recordings, duplicates } = await readRecordings(ids, file)
  const sender = createSender(readQueueUrl(), systemClock)
  const progress = json ? NO_PROGRESS : createProgress('sending', recordings.length)
  try {
    const firstSeenAt = new Date().toISOString()
    const answers = await sender.send(
      recordings.map(({ recordingId, workspaceId }) => ({
        body: workspaceId === undefined ? recordingId : JSON.stringify({ recordingId, workspaceId }),
        attributes: { firstSeenAt },
      })),
      (sent) => progress.update(sent, ''),
    )
    progress.stop()
    const results = recordings.map(({ recordingId }, index) => ({
      recordingId,
      ...(answers[index] ?? { taken: false as const, reason: 'nothing is known of it' }),
    }))
    const left = results.filter(({ taken }) => !taken)
    const queued = results.length - left.length
    if (json) {
      for (const result of results)
        printJson(
          result.taken
            ? { recordingId: result.recordingId, outcome: 'queued', messageId: result.messageId }
            : { recordingId: result.recordingId, outcome: 'failed', detail: result.reason },
        )
      printJson({ summary: { recordings: results.length, queued, failed: left.length, duplicates } })
    } else {
      for (const result of results)
        if (!result.taken) printProblem(`${result.recordingId} was not taken: ${result.reason}`)
      const again = duplicates === 0 ? '' : ` (named more than once and sent once: ${duplicates})`
      printLine(`${style('bold', count(queued, 'recording'))} queued${again}.`)
      if (left.length > 0) printLine(`${left.length} not: send them again.`)
    }
    return left.length === 0 ? EXIT.done : EXIT.incomplete
  } finally {
    progress.stop()
    sender.close()
  }
}

function readQueueUrl(): string {
  const url = process.env['QUEUE_URL']?.trim() ?? ''
  if (url === '')
    throw new ConfigurationError(['QUEUE_URL is not set: it is the URL of the queue that feeds the function'])
  if (!URL.canParse(url))
    throw new ConfigurationError(["QUEUE_URL is not a URL: it is the queue's URL, not its ARN or name"])
  return url
}
