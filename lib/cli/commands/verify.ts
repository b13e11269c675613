import type { Command } from '@commander-js/extra-typings'
import { readRange, wholeDays } from '../../backfill/window.ts'
import type { Finish } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'
import { type Asked, runVerify } from '../verify-run.ts'
import { wholeNumber } from '../whole-number.ts'

const HELP = `
Reads recordings from their first byte to their last, and compares what lies in the bucket with what the sidecar says: size,
SHA-256, MP3 frames, the version, Object Lock (also with RETENTION_MODE and RETENTION_DAYS as they are set now) and legal hold.
What cannot be read never counts as good. A report is written to verify/ in the bucket, once, and locked.

  --all     everything, in parts; stopped or killed, the same command goes on there. Alone it is proof.
  --sample  so many, chosen by the seed: the same seed chooses the same. It says at 95 % how many of all may be bad at most.
            Everything is listed for it, so orphans and extra versions are found in all of the archive.
  --from    the recordings that Bird created on these UTC days: from what sweeps have listed, else every sidecar is read.

The environment: BIRD_WORKSPACE_ID (or BACKFILL_WORKSPACE_IDS), ARCHIVE_BUCKET, AWS_REGION and AWS credentials; no key of Bird's.
Ctrl-C once: what is being read comes to its end, and the report is written. Twice: it is given up.

Examples:
  $ bird-archive verify 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd
  $ bird-archive verify --sample 300                      with a seed by chance; it is told, and stands in the report
  $ bird-archive verify --sample 300 --seed audit-2024    again the same recordings, for whoever wants to see it
  $ bird-archive verify --from 2024-03-01 --to 2024-03-08
  $ bird-archive verify --all --json | jq -r '.recordingId // empty'

Exit codes: 0 everything read is as it must be · 1 something is not, or could not be read, or there are orphans · 2 wrong
arguments or environment · 130 Ctrl-C`

const MOST_SAMPLED = 1_000_000

export function addVerifyCommand(program: Command, finish: Finish): void {
  program
    .command('verify')
    .description('read recordings again, and compare them with what their sidecars say')
    .argument('[id...]', 'recording ids')
    .option('--all', 'the whole archive; goes on where the last run has stopped')
    .option('--sample <number>', 'so many recordings of the whole archive', wholeNumber(1, MOST_SAMPLED))
    .option('--seed <text>', 'what chooses the sample (default: by chance)')
    .option('--from <day>', 'recordings of these days; the first one, such as 2024-03-01')
    .option('--to <day>', 'the first day that is left out (default: tomorrow)')
    .option('--workspace <id>', 'in place of the configured ones')
    .option('--json', 'a line of JSON for each recording that is not in order, and one for the whole')
    .addHelpText('after', HELP)
    .action(async (ids, { json = false, workspace, ...options }) => {
      finish(await runVerify(readAsked(ids, options), { json, workspace }))
    })
}

/** @throws UsageError unless exactly one of the ways to choose was taken */
function readAsked(
  ids: readonly string[],
  options: {
    readonly all?: true
    readonly sample?: number
    readonly seed?: string
    readonly from?: string
    readonly to?: string
  },
): Asked {
  const { all, sample, seed, from, to } = options
  const ways = [ids.length > 0, all === true, sample !== undefined, from !== undefined].filter(Boolean)
  const faults = [
    ...(ways.length === 1 ? [] : ['choose one of them: ids, --all, --sample 300, or --from 2024-03-01']),
    ...(seed !== undefined && sample === undefined ? ['--seed goes with --sample'] : []),
    ...(seed !== undefined && !/^[\u0021-\u007e]{1,100}$/.test(seed)
      ? ['--seed must be 1 to 100 visible characters, such as audit-2024']
      : []),
    ...(to !== undefined && from === undefined ? ['--to goes with --from'] : []),
  ]
  if (faults.length > 0) throw new UsageError('What is to be verified?', faults)
  if (ids.length > 0) return { kind: 'ids', ids }
  if (sample !== undefined) return { kind: 'sample', size: sample, seed }
  if (from === undefined) return { kind: 'all' }
  const read = readRange(from, to, new Date())
  if (!read.ok) throw new UsageError('The time cannot be read:', [read.reason])
  return { kind: 'days', ...wholeDays(read.range) }
}
