import { createHash } from 'node:crypto'
import type { ExportedRecording, ExportFacts } from './manifest.ts'

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1f24; background: #fff; }
h1 { font-size: 1.4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
dt { color: #57606a; }
dd { margin: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-top: 1px solid #d0d7de; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font-size: .8rem; overflow-wrap: anywhere; }
.problem { color: #a40e26; font-weight: 600; }
audio { width: 20rem; max-width: 100%; }
`

/**
 * Nothing is fetched from anywhere, and nothing runs: media from beside the page, and the page's own style alone.
 * Source: Content Security Policy Level 3; browsers take the files beside a page that was opened from disk for `file:`.
 */
const POLICY = [
  "default-src 'none'",
  "media-src 'self' file:",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const COLUMNS = ['Call (UTC)', 'Length', 'Direction', 'From', 'To', 'Recording', 'Audio']

/** Writes `index.html`, which lists an export's recordings and plays them, without a network. */
export function writeIndex(facts: ExportFacts): string {
  const { recordings, criteria } = facts
  const about: readonly (readonly [string, string | undefined])[] = [
    ['Case', facts.caseNumber],
    ['Exported', `${atSecond(facts.exportedAt.toISOString())} UTC by ${facts.actor}`],
    ['Why', facts.reason],
    ['Criteria', criteria === undefined ? undefined : JSON.stringify(criteria)],
    ['From', `bucket ${facts.bucket}`],
    ['Recordings', String(recordings.length)],
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(POLICY)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title(facts))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escape(title(facts))}</h1>
<dl>
${about.flatMap(([name, text]) => (text === undefined ? [] : [`<dt>${name}</dt><dd>${escape(text)}</dd>`])).join('\n')}
</dl>
${verdicts(facts).join('\n')}
<p>Every file can be checked without any of our software: <code>sha256sum -c SHA256SUMS</code> (on macOS: <code>shasum -a 256 -c SHA256SUMS</code>).
Who had these recordings, and why, is in <a href="access.ndjson">access.ndjson</a>; what is here and what is missing in <a href="manifest.json">manifest.json</a>.</p>
<table>
<thead><tr>${COLUMNS.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>
<tbody>
${recordings.map(row).join('\n')}
</tbody>
</table>
</body>
</html>
`
}

/** What a reader has to know before anything else, of the recordings and of what else could not be read. */
function verdicts({ recordings, problems }: ExportFacts): string[] {
  const bad = recordings.filter(({ problem }) => problem !== undefined).length
  if (bad === 0 && problems.length === 0)
    return ['<p>All of them are here, and each is what was archived.</p>']
  const ofRecordings =
    bad === 0
      ? '<p>Each recording in the table is what was archived.</p>'
      : `<p class="problem">Not complete: ${bad} of ${recordings.length} recordings are missing or not as they were archived.</p>`
  if (problems.length === 0) return [ofRecordings]
  return [
    ofRecordings,
    '<p class="problem">Not complete: there may be more than is here, for not all could be read or relied on:</p>',
    ...problems.map((problem) => `<p class="problem">${escape(problem)}</p>`),
  ]
}

function title({ caseNumber }: Pick<ExportFacts, 'caseNumber'>): string {
  return caseNumber === undefined ? 'Call recordings' : `Call recordings of case ${caseNumber}`
}

function row({ recordingId, call, sidecar, audio, problem }: ExportedRecording): string {
  const number = (digits: string | undefined): string => (digits === undefined ? '' : escape(`+${digits}`))
  const cells = [
    `<td class="number">${call === undefined ? '' : escape(atSecond(call.createdAt))}</td>`,
    `<td class="number">${call === undefined ? '' : writeLength(call.durationMs)}</td>`,
    `<td>${escape(call?.direction ?? '')}</td>`,
    `<td class="number">${number(call?.from)}</td>`,
    `<td class="number">${number(call?.to)}</td>`,
    `<td>${linkTo(recordingId, sidecar?.name)}${audio === undefined ? '' : `<br><code>SHA-256 ${escape(audio.sha256)}</code>`}</td>`,
    `<td>${problem === undefined ? '' : `<span class="problem">${escape(problem)}</span> `}${
      audio === undefined
        ? ''
        : `<audio controls preload="none" aria-label="${escape(nameCall(recordingId, call))}" src="${escape(audio.name)}"></audio>`
    }</td>`,
  ]
  return `<tr>${cells.join('')}</tr>`
}

/** What whoever does not see the row hears of its audio. */
function nameCall(recordingId: string, call: ExportedRecording['call']): string {
  return call === undefined ? `Recording ${recordingId}` : `Call of ${atSecond(call.createdAt)} UTC`
}

function linkTo(recordingId: string, sidecar: string | undefined): string {
  const id = `<code>${escape(recordingId)}</code>`
  return sidecar === undefined ? id : `<a href="${escape(sidecar)}">${id}</a>`
}

/** `1:05`, `2:00:07`. */
function writeLength(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const two = (value: number): string => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** `2026-03-01 10:12:13` */
function atSecond(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For text, and for values in quotes; nothing of a recording's metadata is ever anything else. */
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
