import type { Case } from './case.ts'
import * as rules from './rules.ts'
import { program, sources } from './tree.ts'

/** Which file may know which. */
export const layerCases: Case[] = [
  {
    claim: "in a job's folder only the file named like the folder awaits, in a system's folder no pure file",
    rule: rules.onlyStoriesAwait,
    over: program,
    broken: {
      'lib/archive/decide.ts': 'export const decide = async () => {\n  await 1\n}',
      'lib/verify/sample.ts': 'export function pick(): Promise<void> {\n  return later().then(go)\n}',
      'lib/backfill/plan.ts': 'export function plan() { return async function* () {} }',
      'lib/bird/retry.ts': 'export const retry = async () => {}',
    },
    found: [
      'lib/archive/decide.ts:1 has async',
      'lib/archive/decide.ts:2 has await',
      'lib/verify/sample.ts:1 has Promise',
      'lib/verify/sample.ts:2 has .then',
      'lib/backfill/plan.ts:1 has async',
      'lib/bird/retry.ts:1 has async',
    ],
    fine: {
      'lib/archive/archive.ts': 'export async function archive(): Promise<void> { await 1 }',
      'lib/s3/store.ts': 'export const put = async () => { for await (const part of parts()) send(part) }',
      'lib/archive/keys.ts': "// await nothing\nexport const key = 'async Promise'",
    },
  },
  {
    claim: 'imports run one way: edge, compose, story, pure; system, pure; systems only as types in a story',
    rule: rules.importsRunOneWay,
    over: program,
    broken: {
      'lib/archive/decide.ts': "import { archive } from './archive.ts'\nimport type { Log } from '../log.ts'",
      'lib/archive/keys.ts': "import { log } from '../log.ts'\nimport type { Store } from '../s3/store.ts'",
      'lib/archive/archive.ts':
        "import { put } from '../s3/store.ts'\nimport { plan } from '../backfill/plan.ts'",
      'lib/verify/verify.ts': "import type { archive } from '../archive/archive.ts'",
      'lib/retrieve/request.ts': "import { plan } from '../backfill/plan.ts'",
      'lib/s3/store.ts': "import type { Bird } from '../bird/client.ts'\nexport { x } from '../sqs/queue.ts'",
      'lib/s3/whole.ts': "import { retry } from '../bird/retry.ts'",
      'lib/bird/redirect.ts': "import { get } from './client.ts'",
      'lib/archive/explain.ts': "import { retry } from '../bird/retry.ts'",
      'lib/catalog/duckdb.ts': "type Put = import('../s3/store.ts').Put",
      'lib/bird/client.ts': "import { compose } from '../compose.ts'\nawait import(name)",
      'lib/log.ts': "import { archive } from './archive/archive.ts'",
      'lib/compose.ts': "import { startSandbox } from './sandbox/sandbox.ts'",
      'functions/archive.ts': "const { startSandbox } = await import('../lib/sandbox/sandbox.ts')",
    },
    found: [
      'lib/archive/decide.ts:1 imports lib/archive/archive.ts',
      'lib/archive/keys.ts:1 imports lib/log.ts',
      'lib/archive/keys.ts:2 imports lib/s3/store.ts (type)',
      'lib/archive/archive.ts:1 imports lib/s3/store.ts',
      'lib/archive/archive.ts:2 imports lib/backfill/plan.ts',
      'lib/verify/verify.ts:1 imports lib/archive/archive.ts (type)',
      'lib/retrieve/request.ts:1 imports lib/backfill/plan.ts',
      'lib/s3/store.ts:1 imports lib/bird/client.ts (type)',
      'lib/s3/store.ts:2 imports lib/sqs/queue.ts',
      'lib/s3/whole.ts:1 imports lib/bird/retry.ts',
      'lib/bird/redirect.ts:1 imports lib/bird/client.ts',
      'lib/archive/explain.ts:1 imports lib/bird/retry.ts',
      'lib/catalog/duckdb.ts:1 imports lib/s3/store.ts (type)',
      'lib/bird/client.ts:1 imports lib/compose.ts',
      'lib/bird/client.ts:2 imports what only the run time knows',
      'lib/log.ts:1 imports lib/archive/archive.ts',
      'lib/compose.ts:1 imports lib/sandbox/sandbox.ts',
      'functions/archive.ts:1 imports lib/sandbox/sandbox.ts',
    ],
    fine: {
      'functions/archive.ts': "import { compose } from '../lib/compose.ts'",
      'lib/cli/cli.ts': "import { startSandbox } from '../sandbox/sandbox.ts'",
      'lib/compose.ts': "import { archive } from './archive/archive.ts'\nimport pkg from '../package.json'",
      'lib/config.ts': "import { parseOrigin } from './bird/redirect.ts'",
      'lib/sandbox/sandbox.ts': 'await import(name)',
      'lib/s3/catalog-writer.ts': "import { toRow } from '../catalog/entry.ts'",
      'lib/archive/archive.ts':
        "import type { Store } from '../s3/store.ts'\nimport { decide } from './decide.ts'",
      'lib/backfill/plan.ts':
        "import { keys } from '../archive/keys.ts'\nimport { Refused } from '../errors.ts'",
      'lib/catalog/entry.ts': "import type { Sidecar } from '../archive/sidecar.ts'",
      'lib/s3/store.ts': "import { keys } from '../archive/keys.ts'\nimport { failure } from './failure.ts'",
    },
  },
  {
    claim: 'every file of lib/ and functions/ has a place in the layers',
    rule: rules.everyFileHasAPlace,
    over: program,
    broken: { 'lib/support/text.ts': 'export const a = 1', 'lib/archiver/archive.ts': 'export const a = 1' },
    found: ['lib/support/text.ts', 'lib/archiver/archive.ts'],
    fine: {
      'lib/archive/mp3/frame.ts': 'export const a = 1',
      'lib/sandbox/s3/disk.ts': 'export const a = 1',
    },
  },
  {
    claim: 'no imports run in a circle',
    rule: rules.noImportCycles,
    over: sources,
    broken: {
      'lib/a.ts': "import { b } from './b.ts'",
      'lib/b.ts': "import type { c } from './c.ts'",
      'lib/c.ts': "export { a } from './a.ts'",
      'lib/d.ts': "import { d } from './d.ts'",
    },
    found: ['lib/a.ts → lib/b.ts → lib/c.ts → lib/a.ts', 'lib/d.ts → lib/d.ts'],
    fine: {
      'lib/a.ts': "import { b } from './b.ts'\nimport { c } from './c.ts'",
      'lib/b.ts': "import { c } from './c.ts'",
      'lib/c.ts': 'export const c = 1',
    },
  },
]
