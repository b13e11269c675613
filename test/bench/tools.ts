import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, stop } from 'esbuild'
import { makeAudio } from '../../lib/sandbox/audio.ts'
import type { Certificate } from './cloud.ts'
import { FRAME_BYTES } from './recording-id.ts'

/** Everything that is built for the benchmark, as paths. */
export interface Tools {
  readonly cloud: string
  readonly relay: string
  readonly measure: string
  /** The bundle that is deployed. */
  readonly ours: string
  readonly naive: string
  readonly driver: string
  /** MP3 of whole frames that recordings are strung together from. */
  readonly sampleFile: string
  readonly certificate: Certificate
}

const here = import.meta.dirname
const root = join(here, '..', '..')
const SAMPLE_SECONDS = 30
const COMPLAINT_LINES = 12

const PROGRAMS = {
  cloud: ['cloud.c', 'bird.c', 'bucket.c', 'objects.c', 'body.c', 'wire.c'],
  relay: ['relay.c', 'sign.c', 'wire.c'],
  measure: ['measure.c'],
} as const

/** Builds all of it in a directory. Throws what the compilers say. */
export async function buildTools(directory: string): Promise<Tools> {
  const programs = Object.entries(PROGRAMS).map(([name, sources]) => {
    const program = join(directory, name)
    const files = sources.map((source) => join(here, 'native', source))
    run('cc', ['-O2', '-o', program, ...files, '-lssl', '-lcrypto', '-lpthread'])
    return [name, program] as const
  })
  const bundles = join(directory, 'bundles')
  mkdirSync(bundles)
  // The package's own build, to another place: what is measured is what would be deployed.
  run('npm', ['run', '--silent', 'build', '--', `--outdir=${bundles}`])
  const tools = {
    ...(Object.fromEntries(programs) as Record<keyof typeof PROGRAMS, string>),
    ours: join(bundles, 'archive.cjs'),
    naive: await bundle(join(here, 'naive', 'archive.ts'), join(bundles, 'naive.cjs'), 'cjs'),
    driver: await bundle(join(here, 'drive.ts'), join(bundles, 'drive.mjs'), 'esm'),
    sampleFile: await writeSample(join(directory, 'sample.mp3')),
    certificate: makeCertificate(directory),
  }
  await stop()
  return tools
}

/** With the options of package.json's build. */
async function bundle(entry: string, outfile: string, format: 'cjs' | 'esm'): Promise<string> {
  await build({
    entryPoints: [entry],
    outfile,
    format,
    bundle: true,
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: true,
    logLevel: 'warning',
  })
  return outfile
}

async function writeSample(file: string): Promise<string> {
  const plan = { voice: 'bench', format: 'conference', id3v1: false, id3v2: false } as const
  const chunks: Uint8Array[] = []
  for await (const chunk of makeAudio({ ...plan, seconds: SAMPLE_SECONDS })) chunks.push(chunk)
  const sample = Buffer.concat(chunks)
  if (sample.length % FRAME_BYTES !== 0) throw new Error(`the sample is no multiple of ${FRAME_BYTES} bytes`)
  writeFileSync(file, sample)
  return file
}

function makeCertificate(directory: string): Certificate {
  const certificateFile = join(directory, 'certificate.pem')
  const keyFile = join(directory, 'key.pem')
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  run('openssl', ['req', '-x509', '-days', '2', ...newKey, ...subject, '-out', certificateFile])
  return { certificateFile, keyFile }
}

function run(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  } catch (cause) {
    const complaint =
      cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause)
    const start = complaint.split('\n').slice(0, COMPLAINT_LINES).join('\n')
    throw new Error(`${command} ${args[0] ?? ''} failed:\n${start}`, { cause })
  }
}
