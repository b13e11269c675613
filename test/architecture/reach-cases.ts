import type { Case } from './case.ts'
import * as rules from './rules.ts'
import { everything, program } from './tree.ts'

/** Where the outside world may be touched: systems, the environment, the clock, the terminal. */
export const reachCases: Case[] = [
  {
    claim: "a job's folder does no input or output of its own",
    rule: rules.jobsDoNoInputOrOutput,
    over: program,
    broken: {
      'lib/verify/verify.ts': "import { readFile } from 'node:fs/promises'",
      'lib/archive/mp3.ts': "import { get } from 'https'",
    },
    found: ['lib/verify/verify.ts:1 imports node:fs/promises', 'lib/archive/mp3.ts:1 imports https'],
    fine: {
      'lib/archive/media.ts':
        "import { Transform } from 'node:stream'\nimport { createHash } from 'node:crypto'",
    },
  },
  {
    claim: 'undici is used in lib/http.ts and under lib/sandbox only',
    rule: rules.undiciIsTheWire,
    over: program,
    broken: {
      'lib/compose.ts': "import type { Agent } from 'undici'",
      'lib/sqs/queue.ts': "const { request } = await import('undici')",
    },
    found: ['lib/compose.ts:1 imports undici', 'lib/sqs/queue.ts:1 imports undici'],
    fine: {
      'lib/http.ts': "import { Agent } from 'undici'",
      'lib/sandbox/event-source.ts': "import { request } from 'undici'",
      'lib/sqs/queue.ts': "import 'undici-like'",
    },
  },
  {
    claim: "AWS's SDK is used under lib/s3, lib/sqs, lib/catalog, lib/sandbox and in lib/compose.ts only",
    rule: rules.awsSdkStaysAtAws,
    over: program,
    broken: {
      'lib/archive/archive.ts': "import type { S3Client } from '@aws-sdk/client-s3'",
      'lib/cli/cli.ts': "import { Upload } from '@aws-sdk/lib-storage'",
      'lib/bird/client.ts': "import { Sha256 } from '@smithy/core'",
    },
    found: [
      'lib/archive/archive.ts:1 imports @aws-sdk/client-s3',
      'lib/cli/cli.ts:1 imports @aws-sdk/lib-storage',
      'lib/bird/client.ts:1 imports @smithy/core',
    ],
    fine: {
      'lib/compose.ts': "import { S3Client } from '@aws-sdk/client-s3'",
      'lib/sqs/queue.ts': "import { SQSClient } from '@aws-sdk/client-sqs'",
    },
  },
  {
    claim: 'the environment is read in lib/config.ts and at the edges only',
    rule: rules.environmentIsReadAtTheEdges,
    over: program,
    broken: {
      'lib/compose.ts': 'export const bucket = process.env.ARCHIVE_BUCKET',
      'lib/log.ts': "export const level = globalThis.process['env'].LOG_LEVEL",
      'lib/metrics.ts': 'const { env } = process',
      'lib/deadline.ts': "import { env } from 'node:process'",
      'lib/s3/store.ts': "import runtime from 'node:process'\nexport const region = runtime.env.AWS_REGION",
    },
    found: [
      'lib/compose.ts:1 has process.env',
      'lib/log.ts:1 has process.env',
      'lib/metrics.ts:1 has process.env',
      'lib/deadline.ts:1 has process.env',
      'lib/s3/store.ts:2 has process.env',
    ],
    fine: {
      'lib/config.ts': 'export const read = (env = process.env) => env',
      'functions/archive.ts': 'compose(process.env)',
      'lib/log.ts': "// process.env is the edges'\nexport const say = (env: NodeJS.ProcessEnv) => env.X",
    },
  },
  {
    claim:
      'the clock and chance are read in lib/compose.ts, lib/deadline.ts and at the terminal and sandbox edges only',
    rule: rules.timeAndChanceAreArguments,
    over: program,
    broken: {
      'functions/archive.ts': 'export const at = Date.now()',
      'lib/archive/decide.ts': 'export const decide = (now = new Date()) => now',
      'lib/bird/retry.ts':
        'export const jitter = () => Math.random()\nexport const wait = (now = Date.now) => now()',
      'lib/metrics.ts':
        "import { performance as clock } from 'node:perf_hooks'\nexport const t = performance.now()",
      'lib/s3/store.ts': "import { randomUUID } from 'node:crypto'\nexport const id = crypto.randomUUID",
      'lib/log.ts': 'export const at = Date()\nexport const up = process.hrtime.bigint()',
    },
    found: [
      'functions/archive.ts:1 has Date.now',
      'lib/archive/decide.ts:1 has new Date()',
      'lib/bird/retry.ts:1 has Math.random',
      'lib/bird/retry.ts:2 has Date.now',
      'lib/metrics.ts:2 has performance.now',
      'lib/s3/store.ts:1 has crypto.randomUUID',
      'lib/s3/store.ts:2 has crypto.randomUUID',
      'lib/log.ts:1 has Date()',
      'lib/log.ts:2 has process.hrtime',
    ],
    fine: {
      'lib/compose.ts': 'export const now = () => Date.now()',
      'lib/archive/sidecar.ts':
        'export const iso = (ms: number) => new Date(ms).toISOString()\nDate.parse(text)',
    },
  },
  {
    claim: 'standard output is written by lib/log.ts and lib/cli only',
    rule: rules.standardOutputHasOneWriter,
    over: program,
    broken: {
      'lib/archive/archive.ts': "console.log('done')",
      'lib/sandbox/sandbox.ts': "process.stdout.write('ready')\nconsole.error('x')",
      'lib/compose.ts': "import { writeSync } from 'node:fs'\nwriteSync(1, 'ready')",
    },
    found: [
      'lib/archive/archive.ts:1 has console.log',
      'lib/sandbox/sandbox.ts:1 has process.stdout',
      'lib/sandbox/sandbox.ts:2 has console.error',
      'lib/compose.ts:2 has write to descriptor 1',
    ],
    fine: { 'lib/log.ts': "process.stdout.write('line')", 'lib/cli/print.ts': "console.log('line')" },
  },
  {
    claim: 'no function reaches the embedded database, which is for terminals',
    rule: rules.functionsCarryNoDatabase,
    over: program,
    broken: {
      'functions/retrieve.ts': "import { compose } from '../lib/compose-retrieve.ts'",
      'lib/compose-retrieve.ts': "export const open = () => import('./catalog/duckdb.ts')",
      'lib/catalog/duckdb.ts': "import { DuckDBInstance } from '@duckdb/node-api'",
    },
    found: ['functions/retrieve.ts → lib/compose-retrieve.ts → lib/catalog/duckdb.ts → @duckdb/node-api'],
    fine: {
      'functions/retrieve.ts': "import { compose } from '../lib/compose-retrieve.ts'",
      'lib/compose-retrieve.ts': "import type { DuckDb } from './catalog/duckdb.ts'",
      'lib/catalog/duckdb.ts': "import { DuckDBInstance } from '@duckdb/node-api'",
      'lib/cli/find.ts': "import { search } from '../catalog/duckdb.ts'",
    },
  },
  {
    claim: 'nothing switches the check of certificates off',
    rule: rules.certificatesAreChecked,
    over: everything,
    broken: {
      'serverless.yml': `environment:\n  ${rules.SWITCH_OFF}: 0`,
      'lib/bird/client.ts': 'export const agent = new Agent({ connect: { rejectUnauthorized: false } })',
    },
    found: [`serverless.yml names ${rules.SWITCH_OFF}`, 'lib/bird/client.ts:1 has rejectUnauthorized'],
    fine: { 'lib/bird/client.ts': 'export const agent = new Agent({ connect: { ca } })' },
  },
]
