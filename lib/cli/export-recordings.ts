import pLimit from 'p-limit'
import { readArchiveConfig } from '../archive-config.ts'
import { composeExporter, type Exporter } from '../compose-keep.ts'
import type { AccessRecord } from '../retrieve/access.ts'
import { writeIndex } from '../retrieve/export-index.ts'
import {
  type ExportedFile,
  type ExportedRecording,
  type ExportFacts,
  isComplete,
  writeManifest,
  writeSums,
} from '../retrieve/manifest.ts'
import { VERSION } from '../version.ts'
import { readRequester, type WhoAndWhy } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { addAttestations } from './export-attestations.ts'
import { addAccessLines, addRecording, findRecording } from './export-contents.ts'
import { checkZipPath, createZip, textOf, type ZipWriter } from './export-zip.ts'
import { readCaseNumber } from './keep-recordings.ts'
import { count, formatBytes, printHint, printJson, printLine, printProblem, style } from './print.ts'
import { createProgress, NO_PROGRESS, type Progress } from './progress.ts'
import { type SelectedRecordings, selectRecordings, type SelectionOptions } from './select-recordings.ts'
import { watchSignals } from './watch-signals.ts'

export interface ExportOptions extends SelectionOptions, WhoAndWhy {
  readonly output: string
  readonly case?: string | undefined
  readonly force: boolean
  readonly json: boolean
}

/** Recordings that are looked up together, and named in one line of the access log before any of them is read. */
const CHUNK = 200
const FOUND_AT_ONCE = 16

/** Exports the selected recordings into one ZIP archive. Resolves to the exit code. */
export async function exportRecordings(given: readonly string[], options: ExportOptions): Promise<number> {
  const { output, force, json } = options
  const caseNumber = options.case === undefined ? undefined : readCaseNumber(options.case)
  const config = readArchiveConfig(process.env)
  const requester = { ...readRequester(options, config), caseNumber }
  await checkZipPath(output, force)
  const stop = new AbortController()
  const { signal } = stop
  using signals = watchSignals({ onFirst: () => stop.abort(), onSecond: () => stop.abort() })
  const exporter = composeExporter(config)
  let zip: ZipWriter | undefined
  const progress = { shown: NO_PROGRESS }
  try {
    const selected = await selectRecordings(given, options, requester, config, signal)
    if (selected.recordings.length === 0) return sayNothing(selected)
    progress.shown = json ? NO_PROGRESS : createProgress('exporting', selected.recordings.length)
    zip = await createZip(output, {
      force,
      onLeftover: (part) =>
        printHint(`An export that did not come to its end had left ${part}: this one begins anew.`),
    })
    const run = { exporter, requester, selected, zip, progress: progress.shown, signal }
    const { recordings, files } = await addRecordings(run)
    const log = await addAccessLines(recordings, zip, exporter, signal)
    const attestations = await addAttestations(recordings, zip, exporter, signal)
    const facts: ExportFacts = {
      exportedAt: exporter.clock.now(),
      version: VERSION,
      bucket: config.bucket,
      ...requester,
      criteria: selected.criteria,
      recordings: recordings.map((each) => {
        const contradiction = attestations.contradictions.get(each.recordingId)
        return each.problem !== undefined || contradiction === undefined
          ? each
          : { ...each, problem: contradiction }
      }),
      problems: [
        ...selected.reasons.map((reason) => `the search was not complete: ${reason}`),
        ...log.problems,
        ...attestations.problems,
      ],
    }
    const digest = await addDocuments([...files, log.file, ...attestations.files], facts, zip)
    const bytes = await zip.finish()
    await noteAll(facts, digest, run)
    await zip.keep()
    zip = undefined
    progress.shown.stop()
    return tell(facts, digest, bytes, options)
  } catch (error) {
    progress.shown.stop()
    const code = signals.exitCode()
    if (code === undefined) throw error
    printProblem('interrupted; what was not finished has left nothing behind')
    return code
  } finally {
    await zip?.discard()
    await exporter.close()
  }
}

interface Run {
  readonly exporter: Exporter
  readonly requester: Pick<AccessRecord, 'actor' | 'reason' | 'via' | 'caseNumber'>
  readonly selected: SelectedRecordings
  readonly zip: ZipWriter
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Adds recordings, some hundred at a time, so that neither their sidecars nor their audio is ever held all at once. */
async function addRecordings(
  run: Run,
): Promise<{ readonly recordings: ExportedRecording[]; readonly files: ExportedFile[] }> {
  const { exporter, selected, zip, progress, signal } = run
  const limit = pLimit(FOUND_AT_ONCE)
  const recordings: ExportedRecording[] = []
  let bytes = 0
  const show = (more: number): void => {
    bytes += more
    progress.update(recordings.length, formatBytes(bytes))
  }
  for (let start = 0; start < selected.recordings.length; start += CHUNK) {
    const chunk = selected.recordings.slice(start, start + CHUNK)
    const found = await limit.map(chunk, (each) => findRecording(each, exporter, signal))
    const there = found.filter(({ sidecar }) => sidecar !== undefined)
    for (const workspaceId of new Set(there.map((each) => each.workspaceId ?? ''))) {
      const ids = there.filter((each) => each.workspaceId === workspaceId).map((each) => each.recordingId)
      await note(workspaceId, ids, `${ids.length} of ${selected.recordings.length} recordings`, run)
    }
    for (const each of found) {
      recordings.push(await addRecording(each, zip, exporter.vault, show, signal))
      show(0)
    }
  }
  const files = recordings.flatMap(({ sidecar, audio }) =>
    [audio, sidecar].filter((file) => file !== undefined),
  )
  return { recordings, files: files.map(({ name, bytes: size, sha256 }) => ({ name, bytes: size, sha256 })) }
}

/** Adds what tells of the others; resolves to the SHA-256 of the list that covers them all. */
async function addDocuments(
  files: readonly ExportedFile[],
  facts: ExportFacts,
  zip: ZipWriter,
): Promise<string> {
  const options = { modified: facts.exportedAt, compress: true }
  const index = await zip.add('index.html', textOf(writeIndex(facts)), options)
  const listed = [...files, index]
  const manifest = await zip.add('manifest.json', textOf(writeManifest(facts, listed)), options)
  const sums = writeSums([...listed, manifest], facts.recordings)
  const { sha256 } = await zip.add('SHA256SUMS', textOf(sums), options)
  return sha256
}

/** What was handed out can be recognized ever after: its digest is in the access log before it gets its name. */
async function noteAll({ recordings }: ExportFacts, digest: string, run: Run): Promise<void> {
  const workspaceIds = new Set(recordings.flatMap(({ workspaceId }) => workspaceId ?? []))
  for (const workspaceId of workspaceIds)
    await note(workspaceId, [], `the export is whole; its SHA256SUMS has SHA-256 ${digest}`, run)
}

async function note(
  workspaceId: string,
  recordingIds: readonly string[],
  detail: string,
  { exporter, requester, selected, signal }: Run,
): Promise<void> {
  const { accessLog, newId, clock } = exporter
  const line = { ...requester, id: newId(), at: clock.now(), action: 'export' as const, workspaceId }
  await accessLog.write({ ...line, recordingIds, criteria: selected.criteria, detail }, signal)
}

function sayNothing({ reasons }: SelectedRecordings): number {
  for (const reason of reasons) printProblem(`the search was not complete: ${reason}`)
  printProblem('no recording was found, so nothing was exported')
  return EXIT.incomplete
}

function tell(facts: ExportFacts, digest: string, bytes: number, { json, output }: ExportOptions): number {
  const { recordings, problems } = facts
  const bad = recordings.filter(({ problem }) => problem !== undefined)
  if (json) {
    const missing = bad.map(({ recordingId, problem }) => ({ recordingId, problem }))
    printJson({
      output,
      bytes,
      recordings: recordings.length,
      complete: isComplete(facts),
      missing,
      problems,
      sumsSha256: digest,
    })
  } else {
    const named = bad.length === 0 ? '' : `, ${bad.length.toLocaleString('en')} of them named below`
    const many = `${count(recordings.length, 'recording')}${named}`
    printLine(`${style('bold', output)}  ${formatBytes(bytes)}, ${many}`)
    printLine(`SHA256SUMS  SHA-256 ${digest}`)
  }
  for (const { recordingId, problem = '' } of bad) printProblem(`${recordingId}: ${problem}`)
  for (const problem of problems) printProblem(problem)
  if (isComplete(facts)) return EXIT.done
  printHint('The export is whole but for that; manifest.json and index.html name it, too.')
  return EXIT.incomplete
}
