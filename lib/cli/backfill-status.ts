import { confirmAttestation } from '../backfill/attest.ts'
import { countDone, type Mark } from '../backfill/mark.ts'
import { type BirdCount, countLine, isAttested, type Report, writeReport } from '../backfill/report.ts'
import { type Backfiller, composeBackfiller } from '../compose-backfill.ts'
import { endlessDeadline, systemClock } from '../deadline.ts'
import { createJsonLog } from '../log.ts'
import { VERSION } from '../version.ts'
import { describeReport } from './backfill-report.ts'
import type { BackfillSettings } from './backfill-settings.ts'
import { isAllOnItsWay } from './backfill-sweep.ts'
import { EXIT } from './exit-codes.ts'
import { alignColumns, count, formatBytes, printHint, printJson, printLine, style } from './print.ts'

/** Prints the report over the range in each workspace; resolves to the exit code: 0 if all of it is attested. */
export async function showReport(settings: BackfillSettings, json: boolean): Promise<number> {
  return await forEachWorkspace(settings, json, async (workspaceId, backfiller) => {
    const { systems } = backfiller
    using deadline = endlessDeadline()
    const report = await systems.reports.gather(workspaceId, settings.range, new Date(), deadline.signal)
    const { attestations, attestationFaults } = await readAttestations(report, backfiller, deadline.signal)
    // What cannot be confirmed attests nothing, whatever the ledger says.
    for (const { window } of attestationFaults) report.attested.delete(window)
    const bird = await systems.reports.count(report, deadline)
    if (json) printJson({ ...toJson(report, bird), attestations, attestationFaults })
    else {
      for (const line of describeReport(report, bird, attestationFaults.length > 0)) printLine(line)
      for (const line of describeAttestations(attestations)) printLine(line)
      for (const line of describeFaults(attestationFaults)) printLine(line)
    }
    return isAttested(report) ? EXIT.done : EXIT.incomplete
  })
}

interface Attested {
  readonly window: string
  readonly key: string
  readonly attestedAt: string
  readonly digest: string
  readonly recordings: number
  readonly archived: number
  readonly archivedBytes: number
}

/** An attestation that the ledger names, and that is not what it has to be. */
interface AttestationFault {
  readonly window: string
  readonly key: string
  readonly fault: string
}

const MOST_SHOWN = 31

function describeAttestations(attestations: readonly Attested[]): string[] {
  const shown = attestations.slice(0, MOST_SHOWN)
  const more = attestations.length - shown.length
  return [
    ...(shown.length > 0 ? ['', style('bold', 'Attestations, each read and checked')] : []),
    ...alignColumns(
      shown.map(({ window, archived, archivedBytes, attestedAt, key }) => [
        `  ${window}`,
        `${archived.toLocaleString('en')} archived`,
        formatBytes(archivedBytes),
        `${attestedAt.slice(0, 16).replace('T', ' ')} UTC`,
        key,
      ]),
    ),
    ...(more > 0 ? [`  … and ${count(more, 'window')} more: --json names them`] : []),
  ]
}

function describeFaults(faults: readonly AttestationFault[]): string[] {
  if (faults.length === 0) return []
  return [
    '',
    style('bold', 'Attestations that are not what they have to be'),
    ...faults.map(({ window, key, fault }) => `  ${style('red', window)}  ${key}: ${fault}`),
    'Where the bucket keeps versions: delete the wrong one, or the delete marker, and the right one is there again.',
  ]
}

/** Prints how far a backfill is, without asking Bird; resolves to the exit code. */
export async function showStatus(settings: BackfillSettings, json: boolean): Promise<number> {
  return await forEachWorkspace(settings, json, async (workspaceId, { systems }) => {
    using deadline = endlessDeadline()
    const { signal } = deadline
    const mark = await systems.ledgers.readMark(workspaceId, settings.name, signal)
    const report = await systems.reports.gather(workspaceId, settings.range, new Date(), signal)
    const queue = await systems.feed.count(signal)
    const arrived = await countArrived(workspaceId, settings, systems, signal)
    if (json) printJson({ ...toJson(report, undefined), mark: mark ?? null, queue, arrived })
    else {
      for (const line of [...describeReport(report, undefined), '', ...describeMark(mark)]) printLine(line)
      const sent = countLine(report, 'sent')
      if (sent > 0)
        printLine(
          `Of ${count(sent, 'recording')} that were sent, ${arrived.toLocaleString('en')} have been archived since.`,
        )
      printLine(
        `In the queue: ${count(queue.all, 'message')}, ${queue.waiting.toLocaleString('en')} of them waiting.`,
      )
    }
    return isAllOnItsWay(report) ? EXIT.done : EXIT.incomplete
  })
}

function describeMark(mark: Mark | undefined): string[] {
  if (mark === undefined) return ['No backfill of this very time has been run; schedules may have swept it.']
  const { done, total } = countDone(mark)
  const { pass, tally, startedAt, finishedAt } = mark
  const state =
    finishedAt === null
      ? `${done} of ${total} days done; the same command without --status goes on`
      : `finished ${finishedAt.toISOString()}`
  return [
    `Pass ${pass}, begun ${startedAt.toISOString()}: ${state}.`,
    `  ${count(tally.recordings, 'recording')} listed, ${tally.archived.toLocaleString('en')} were archived, ${tally.sent.toLocaleString('en')} sent.`,
  ]
}

/** How many of those that the ledgers have as sent are in the bucket by now. */
async function countArrived(
  workspaceId: string,
  { range }: BackfillSettings,
  { ledgers, sidecars }: Backfiller['systems'],
  signal: AbortSignal,
): Promise<number> {
  let arrived = 0
  for await (const { open } of ledgers.walk(workspaceId, range, signal)) {
    const sent = open.filter(({ line }) => line === 'sent').map(({ recordingId }) => recordingId)
    if (sent.length > 0) arrived += (await sidecars.find(workspaceId, sent, signal)).size
  }
  return arrived
}

/** The attestations that the ledgers name, each read and checked. */
async function readAttestations(
  { workspaceId, range }: Report,
  { systems, documents }: Backfiller,
  signal: AbortSignal,
): Promise<{
  readonly attestations: readonly Attested[]
  readonly attestationFaults: readonly AttestationFault[]
}> {
  const attestations: Attested[] = []
  const attestationFaults: AttestationFault[] = []
  for await (const { window, attestation } of systems.ledgers.walk(workspaceId, range, signal)) {
    if (attestation === null) continue
    const { key, digest } = attestation
    const text = (await documents.read(key, signal))?.text
    const read = confirmAttestation(text, { workspaceId, window, digest })
    if (!read.ok) attestationFaults.push({ window, key, fault: read.reason })
    else {
      const { counts, attestedAt } = read.attestation
      attestations.push({ window, key, attestedAt, digest, ...counts })
    }
  }
  return { attestations, attestationFaults }
}

function toJson(report: Report, bird: BirdCount): object {
  return JSON.parse(writeReport(report, bird, new Date(), VERSION)) as object
}

async function forEachWorkspace(
  { config }: BackfillSettings,
  json: boolean,
  show: (workspaceId: string, backfiller: Backfiller) => Promise<number>,
): Promise<number> {
  const backfiller = composeBackfiller(config, { log: createJsonLog(printHint, 'error', systemClock.now) })
  try {
    const codes: number[] = []
    for (const workspaceId of config.backfillWorkspaceIds) {
      if (!json && codes.length > 0) printLine()
      codes.push(await show(workspaceId, backfiller))
    }
    return Math.max(...codes)
  } finally {
    await backfiller.close()
  }
}
