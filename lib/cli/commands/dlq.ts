import type { Command } from '@commander-js/extra-typings'
import { dropLetters } from '../dlq-drop.ts'
import { collect } from '../collect.ts'
import { readDuration } from '../dlq-filter.ts'
import { listLetters } from '../dlq-list.ts'
import { redriveLetters } from '../dlq-redrive.ts'
import type { Finish } from '../exit-codes.ts'
import { wholeNumber } from '../whole-number.ts'

const HELP = `
What the archiver cannot archive lies in the dead-letter queue, each letter with its reason. See what is there, mend it, and
send the letters back; what can never be archived is dropped with a reason, which is kept in the bucket.

Examples:
  $ bird-archive dlq list                                       what is there, and what to do about it
  $ bird-archive dlq redrive --reason never-available           try those again
  $ bird-archive dlq drop 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd --because "deleted at Bird, ticket 17"

Each command has its own help: bird-archive dlq list --help`

const FILTERS = `
Which letters: ids, --reason and --older-than narrow it down together; several ids or several reasons are alternatives. The
age of a letter counts from when it was sent: that is what the queue forgets it by.`

const RIGHTS = `sqs:ReceiveMessage and sqs:ChangeMessageVisibility on the dead-letter queue; with sqs:GetQueueAttributes
on both you are also told how many letters somebody else is reading.
Ctrl-C: no other letter is begun with, and what was read is let go of.`

const LIST_HELP = `${FILTERS}
Nothing is changed; only, nobody else sees the letters while they are read.

The environment: QUEUE_URL, DEAD_LETTER_QUEUE_URL, AWS_REGION, and AWS credentials with
${RIGHTS}

Examples:
  $ bird-archive dlq list
  $ bird-archive dlq list --older-than 10d
  $ bird-archive dlq list --json | jq -r 'select(.reason == "conflict") | .recordingId'

Exit codes: 0 listed · 1 not all of the queue could be seen, or an id is not in it · 2 wrong arguments or
environment · 130 Ctrl-C`

const REDRIVE_HELP = `${FILTERS}
A letter goes back as it is, body and attributes, and is deleted once the queue has accepted it; its NOT_READY_HOURS start
anew. If the command is killed in between, it lies in both queues. That does no harm: what is archived stays as it is.

The environment: QUEUE_URL, DEAD_LETTER_QUEUE_URL, AWS_REGION, and AWS credentials with
sqs:SendMessage on the queue, sqs:DeleteMessage,
${RIGHTS}

Examples:
  $ bird-archive dlq redrive --reason never-available --dry-run
  $ bird-archive dlq redrive --reason failed-too-often --older-than 6h
  $ bird-archive dlq redrive --all --limit 100

Exit codes: 0 all sent back · 1 some stay, or came back at once · 2 wrong arguments or environment · 130 Ctrl-C`

const DROP_HELP = `${FILTERS}
That you gave it up, and why, is first written to the bucket (backfill/dropped/), once and for ever; then the letter is
deleted. Where no recording id can be read, the document holds the body.

The environment: QUEUE_URL, DEAD_LETTER_QUEUE_URL, AWS_REGION, ARCHIVE_BUCKET, ARCHIVE_PREFIX, BIRD_WORKSPACE_ID (for letters
that name no workspace), and AWS credentials with s3:PutObject on the bucket, sqs:DeleteMessage,
${RIGHTS}

Examples:
  $ bird-archive dlq drop 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd --because "deleted at Bird, ticket 17"
  $ bird-archive dlq drop --reason unreadable-message --because "sender mended, ids sent anew" --dry-run

Exit codes: 0 all dropped · 1 some stay · 2 wrong arguments or environment · 130 Ctrl-C`

export function addDlqCommand(program: Command, finish: Finish): void {
  const dlq = program
    .command('dlq')
    .description('look after the dead-letter queue: list, send back, give up')
    .addHelpText('after', HELP)
  addFiltered(dlq, 'list', 'list dead letters with their reasons, and what to do about them')
    .addHelpText('after', LIST_HELP)
    .action(async (ids, options) => {
      finish(await listLetters(ids, options))
    })
  addFiltered(dlq, 'redrive', 'send dead letters back to the queue')
    .option('--all', 'every letter that is there')
    .option('--dry-run', 'tell which letters it would be, and change nothing')
    .addHelpText('after', REDRIVE_HELP)
    .action(async (ids, options) => {
      finish(await redriveLetters(ids, options))
    })
  addFiltered(dlq, 'drop', 'give dead letters up, with a reason that is kept in the bucket')
    .requiredOption('--because <why>', 'why these recordings need not be archived')
    .option('--by <name>', 'who gives them up (default: your user name on this machine)')
    .option('--all', 'every letter that is there')
    .option('--dry-run', 'tell which letters it would be, and change nothing')
    .addHelpText('after', DROP_HELP)
    .action(async (ids, options) => {
      finish(await dropLetters(ids, options))
    })
}

function addFiltered(dlq: Command, name: string, description: string) {
  return dlq
    .command(name)
    .description(description)
    .argument('[ids...]', 'recording ids (UUIDs)')
    .option('--reason <reason>', 'letters of this reason; may be repeated', collect)
    .option('--id <id>', 'letters of this recording; may be repeated', collect)
    .option('--older-than <duration>', 'letters that were sent so long ago: 30min, 6h, 2d', readDuration)
    .option('--limit <number>', 'at most so many letters', wholeNumber(1, 100_000))
    .option('--json', 'a line of JSON for each letter and one for the whole')
}
