import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { chooseFromParameters, PARAMETERS } from '../../infra/parameters.ts'

/** What makes parameters sound, and for those that stand in no file what else they may be. */
const SOUND = {
  workspaceId: '00000000-0000-4000-8000-000000000000',
  quietDays: '1',
  sweepDays: '3',
  weeklySweepDays: '92',
  verifySample: '300',
  api: 'on',
  searchScanGb: '10',
  compactDaily: 'on',
}
const ANOTHER: Readonly<Record<string, string>> = {
  secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:bird-AbCdEf',
  bucket: 'my-archive',
  keyArn: 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000',
  prefix: 'calls',
  glacierAfterDays: '30',
  accessLogBucket: 'my-logs',
  quietDays: '3',
  sweepDays: '7',
  weeklySweepDays: '0',
  verifySample: '0',
  api: 'off',
  searchScanGb: '1',
  compactDaily: 'off',
}

it('every parameter is described in serverless.yml, and changes something', async () => {
  const serverless = await readFile('serverless.yml', 'utf8')
  const declared = /\n {2}default:\n(.*?)\n {2}#/s.exec(serverless)?.[1] ?? ''
  const names = [...declared.matchAll(/^ {4}([a-zA-Z0-9]+):/gm)].map(([, name]) => name!)
  expect(names.toSorted()).toEqual([...PARAMETERS].toSorted())
  const infra = await Promise.all((await readdir('infra')).map((name) => readFile(`infra/${name}`, 'utf8')))
  const texts = [serverless, ...infra].join('\n')
  const sound = { ...Object.fromEntries(names.map((name) => [name, ''])), ...SOUND } as Parameters<
    typeof chooseFromParameters
  >[0]
  const packaging = {
    service: 'recordings',
    stage: 'prod',
    region: 'eu-west-1',
    judges: true,
    deploys: false,
    glacierAfterDays: 90,
  }
  const choose = (change: object) =>
    JSON.stringify(chooseFromParameters({ ...sound, ...change }, [], packaging))
  for (const name of names)
    expect(
      texts.includes(`\${param:${name}}`) || choose({ [name]: ANOTHER[name] }) !== choose({}),
      `${name} changes nothing`,
    ).toBe(true)
})

it('no number stands outside infra/numbers.yml, and none in it is of no use', async () => {
  const infra = (await readdir('infra')).filter((name) => name.endsWith('.yml') && name !== 'numbers.yml')
  const files = ['serverless.yml', ...infra.map((name) => path.join('infra', name))]
  const sources = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  for (const [index, source] of sources.entries()) {
    const yaml = source.replaceAll(/(?:^|\s)#.*$/gm, '')
    expect(yaml.match(/[:,[] (?:[2-9]|\d{2,})(?=[\s,}\]]|$)/gm) ?? [], files[index]).toEqual([])
  }
  const uses = [...sources, await readFile('infra/settings.js', 'utf8')].join('\n')
  const numbers = await readFile('infra/numbers.yml', 'utf8')
  const unused: string[] = []
  let kind = ''
  for (const [, heading, name] of numbers.matchAll(/^(?:(\w+):|  (\w+): \S+)/gm)) {
    kind = heading ?? kind
    if (name !== undefined && !uses.includes(`${kind}.${name}`)) unused.push(`${kind}.${name}`)
  }
  expect(unused).toEqual([])
})
