import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const OSLS = path.resolve('node_modules/.bin/osls')

/** As much of a resource as the claims look at. */
export interface Resource {
  readonly Type: string
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
  Properties: Record<string, Json>
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export interface Template {
  Resources: Record<string, Resource>
  Outputs: Record<string, { readonly Value: Json }>
}

export interface Packaged {
  readonly directory: string
  readonly templateFile: string
  readonly template: Template
  remove(): Promise<void>
}

/** Runs the real `osls package` with nothing in its environment but PATH: no credentials, no home. */
export async function packageStage(...parameters: readonly string[]): Promise<Packaged> {
  const directory = await mkdtemp(path.join(tmpdir(), 'package-'))
  await run(OSLS, ['package', '--package', directory, ...parameters.map((text) => `--param=${text}`)], {
    env: { PATH: process.env['PATH'], HOME: directory, TMPDIR: directory, AWS_EC2_METADATA_DISABLED: 'true' },
  })
  const templateFile = path.join(directory, 'cloudformation-template-update-stack.json')
  return {
    directory,
    templateFile,
    template: JSON.parse(await readFile(templateFile, 'utf8')) as Template,
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
