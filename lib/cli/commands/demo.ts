import { resolve } from 'node:path'
import type { Command } from '@commander-js/extra-typings'
import type { Finish } from '../exit-codes.ts'
import { playDemo } from '../demo/play.ts'
import { wholeNumber } from '../whole-number.ts'

const HELP = `
A small cloud (Bird, S3, SQS) starts on 127.0.0.1 and a call center's recordings travel from its queue through
the real Lambda handler into its bucket. Most are healthy; some are late, throttled, cut off, expired, absent or
no audio at all. Then a sweep over all days attests those that are complete, everything is checked from outside, and
only if every recording and every message is accounted for is the exit code 0.

The files stay in .sandbox (or DIR) to be looked at; the next run starts afresh and deletes them, unless
--keep lets it go on with them.

Examples:
  $ bird-archive demo                     300 recordings, in half a minute
  $ bird-archive demo --recordings 40     fewer; 32 or more have every trouble in them
  $ bird-archive demo --keep              the same messages again: nothing is stored twice
  $ bird-archive demo --chaos             the cloud is killed (kill -9) half-way: nothing is lost
  $ bird-archive demo --json | tail -1    the result for a program`

export function addDemoCommand(program: Command, finish: Finish): void {
  program
    .command('demo')
    .description('see a queue of recordings archived and checked, on this machine alone')
    .option('--recordings <number>', 'how many calls there are (default: 300)', wholeNumber(2, 100_000))
    .option('--seed <number>', 'another call center for each number (default: 1)', wholeNumber(0, 2 ** 31))
    .option('--data <dir>', 'where files are kept', '.sandbox')
    .option('--keep', 'go on with the files of the last run')
    .option('--chaos', 'kill the cloud half-way and start it again')
    .option('--json', 'progress and result as lines of JSON')
    .addHelpText('after', HELP)
    .action(async ({ data, recordings, seed, keep = false, chaos = false, json = false }) => {
      finish(await playDemo({ directory: resolve(data), recordings, seed, keep, chaos, json }))
    })
}
