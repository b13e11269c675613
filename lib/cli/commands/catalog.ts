import type { Command } from '@commander-js/extra-typings'
import type { Finish } from '../exit-codes.ts'

const HELP = `
Examples:
  $ bird-archive catalog compact                  put the small objects of each day until yesterday together
  $ bird-archive catalog compact --from 2024-03-01 --to 2024-04-01
  $ bird-archive catalog rebuild                  write the rows again, from the sidecars alone

Exit codes: 0 done · 1 something could not be read, and is named · 2 wrong arguments or environment · 130 Ctrl-C`

const COMPACT_HELP = `
One Parquet file of the rows of each day, beside the many small objects, which stay: nobody may delete them. A search then reads
the one file, and whatever has come since. Days that are compact already cost nothing but being listed.

Examples:
  $ bird-archive catalog compact --from 2024-03-01 --to 2024-04-01
  $ bird-archive catalog compact --json | jq -r 'select(.kind == "failed")'`

const REBUILD_HELP = `
Reads every sidecar of the workspace, and writes the rows beside those that are there: a search counts each recording once. A run
that was stopped is gone on with; --restart begins anew, which is right where the catalog has been deleted since.

Examples:
  $ bird-archive catalog rebuild
  $ bird-archive catalog rebuild --workspace 8bc02f53-87ac-48d2-b4fd-c2cf856a305f --restart`

export function addCatalogCommand(program: Command, finish: Finish): void {
  const catalog = program
    .command('catalog')
    .description('look after what recordings are found by: compact it, or make it again from the sidecars')
    .addHelpText('after', HELP)
  catalog
    .command('compact')
    .description('put the rows of each day together in one file, for searches to be fast')
    .option('--from <day>', 'the first day, such as 2024-03-01 (default: all)')
    .option('--to <day>', 'the first day that is left out (default: today)')
    .option('--workspace <id>', 'in place of the configured ones')
    .option('--cache <directory>', 'where what is fetched of the catalog is kept')
    .option('--json', 'what became of each day, as one line of JSON')
    .addHelpText('after', COMPACT_HELP)
    .action(async ({ json = false, ...options }) => {
      const { compactCatalog } = await import('../catalog-compact.ts')
      finish(await compactCatalog({ ...options, json }))
    })
  catalog
    .command('rebuild')
    .description('write the rows of all recordings again, from the sidecars alone')
    .option('--workspace <id>', 'in place of the configured ones')
    .option('--restart', 'begin at the first sidecar, although an earlier run can be gone on with')
    .option('--json', 'what has been done, as one line of JSON for each workspace')
    .addHelpText('after', REBUILD_HELP)
    .action(async ({ json = false, restart = false, ...options }) => {
      const { rebuildCatalog } = await import('../catalog-rebuild.ts')
      finish(await rebuildCatalog({ ...options, json, restart }))
    })
}
