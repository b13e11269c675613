import type { Command } from '@commander-js/extra-typings'
import { addWhoAndWhy } from '../access-options.ts'
import type { Finish } from '../exit-codes.ts'
import { printLink } from '../get-link.ts'
import { wholeNumber } from '../whole-number.ts'

const HELP = `
Prints the link alone, so that it can be piped on. Whoever has the link can download the audio until it expires: it is a
credential. Who asked for it, and why, is in the access log before it is printed.
What is downloaded through it is not compared with the archived digest; get does that.

Examples:
  $ bird-archive link 5b74ee9e-9d45-473a-82cd-f1f7feea6bbd --minutes 10 --reason "complaint 4711"
  $ xdg-open "$(bird-archive link ID)"

Exit codes: 0 the link is printed · 1 there is none, and it is said why · 2 wrong arguments or environment`

const MINUTES = { min: 1, max: 60, default: 5 }

export function addLinkCommand(program: Command, finish: Finish): void {
  const command = program
    .command('link')
    .description('print a link to a recording that works for some minutes')
    .argument('<id>', 'recording id')
    .option('--minutes <n>', 'how long it works', wholeNumber(MINUTES.min, MINUTES.max), MINUTES.default)
  addWhoAndWhy(command)
    .addHelpText('after', HELP)
    .action(async (id, options) => {
      finish(await printLink(id, options))
    })
}
