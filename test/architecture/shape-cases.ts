import type { Case } from './case.ts'
import * as rules from './rules.ts'
import { program, sources } from './tree.ts'

/** What a source file looks like. */
export const shapeCases: Case[] = [
  {
    claim: 'a deployed function is 30 lines at most',
    rule: rules.functionsAreShort,
    over: program,
    broken: { 'functions/archive.ts': 'go()\n'.repeat(31) },
    found: ['functions/archive.ts has 31 lines'],
    fine: { 'functions/archive.ts': 'go()\n'.repeat(30), 'lib/cli/cli.ts': 'go()\n'.repeat(31) },
  },
  {
    claim: 'no source file is longer than 250 lines',
    rule: rules.filesAreReadInOneSitting,
    over: sources,
    broken: { 'lib/s3/store.ts': 'go()\n'.repeat(251) },
    found: ['lib/s3/store.ts has 251 lines'],
    fine: { 'lib/s3/store.ts': 'go()\n'.repeat(250) },
  },
  {
    claim: 'there are no barrels and no drawers',
    rule: rules.noBarrels,
    over: sources,
    broken: {
      'lib/s3/index.ts': 'export const a = 1',
      'lib/s3/all.ts': "import { b } from './b.ts'\nexport * from './a.ts'\nexport { b }",
      'lib/archive/utils.ts': 'export const a = 1',
    },
    found: ['lib/s3/index.ts', 'lib/s3/all.ts', 'lib/archive/utils.ts'],
    fine: {
      'lib/s3/store.ts': "export { a } from './a.ts'\nexport const b = 1",
      'test/all.ts': "import './a.ts'",
    },
  },
  {
    claim: 'exports are named',
    rule: rules.noDefaultExports,
    over: sources.filter(({ path }) => !path.endsWith('.config.ts')),
    broken: { 'lib/a.ts': 'export default 1', 'lib/b.ts': 'const b = 1\nexport { b as default }' },
    found: ['lib/a.ts:1 has a default export', 'lib/b.ts:2 has a default export'],
    fine: { 'lib/a.ts': 'export const standard = 1' },
  },
  {
    claim: 'only errors and streams are classes',
    rule: rules.classesAreErrorsOrStreams,
    over: sources,
    broken: { 'lib/a.ts': 'export class Archiver {}\nexport const Anonymous = class extends Map {}' },
    found: ['lib/a.ts:1 declares the class Archiver', 'lib/a.ts:2 declares the class (anonymous)'],
    fine: {
      'lib/a.ts': 'export class Refused extends Error {}\nclass Gone extends errors.BirdError {}',
      'lib/b.ts': 'class Watcher extends Transform {}\nclass Sink extends stream.Writable {}',
    },
  },
]
