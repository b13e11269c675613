import { type Finding, noteFor } from './finding.ts'

/** What Bird said to one GET. */
export type BirdProbe =
  | { readonly kind: 'answered'; readonly status: number; readonly code: string | undefined }
  | { readonly kind: 'no-answer'; readonly detail: string }

/** Where the redirect leads: only its origin was looked at. */
export type LinkVerdict =
  | { readonly kind: 'allowed'; readonly host: string }
  | { readonly kind: 'refused'; readonly detail: string }

export interface BirdFacts {
  /** The key cannot be read, and why; nothing else was asked then. */
  readonly keyFault?: string
  readonly list?: BirdProbe
  /** The recording that was asked for: named by the caller, or first in the list. */
  readonly recordingId?: string
  readonly metadata?: BirdProbe
  /** Status of that recording, as Bird tells it. */
  readonly recordingStatus?: string
  readonly link?: BirdProbe
  readonly verdict?: LinkVerdict
}

const note = noteFor('bird')

/** Judges what the access key may do, in the order in which the archiver needs it. */
export function judgeBird(facts: BirdFacts): Finding[] {
  if (facts.keyFault !== undefined)
    return [
      note.fail(
        'bird.key',
        facts.keyFault,
        'without the access key nothing can be archived',
        'aws secretsmanager put-secret-value --secret-id <BIRD_ACCESS_KEY_SECRET> --secret-string file://key.txt, and allow secretsmanager:GetSecretValue on it',
      ),
    ]
  const { list, metadata, link, recordingId } = facts
  const findings = list === undefined ? [] : [judgeProbe('bird.list', 'list recordings', list, 200)]
  // A key that is no key is said once.
  if (list?.kind === 'no-answer' || (list?.kind === 'answered' && list.status === 401)) return findings
  if (recordingId === undefined || metadata === undefined)
    return list?.kind === 'answered' && list.status === 200 ? [...findings, noRecording()] : findings
  findings.push(judgeProbe('bird.metadata', `read the metadata of recording ${recordingId}`, metadata, 200))
  if (link === undefined) return findings
  if (facts.verdict !== undefined) findings.push(judgeVerdict(facts.verdict))
  else if (link.kind === 'answered' && link.status === 404 && facts.recordingStatus !== 'available')
    findings.push(noAudio(recordingId, facts.recordingStatus))
  else findings.push(judgeProbe('bird.redirect', `get the link of recording ${recordingId}`, link, 307))
  return findings
}

function judgeVerdict(verdict: LinkVerdict): Finding {
  return verdict.kind === 'allowed'
    ? note.ok('bird.redirect', `the redirect leads to ${verdict.host}, which MEDIA_ORIGINS allows`)
    : note.fail(
        'bird.redirect',
        verdict.detail,
        'the archiver refuses to download from there: every recording would fail',
        'if that host is where Bird keeps audio, add its origin to MEDIA_ORIGINS; if not, ask Bird',
      )
}

/**
 * | answer        | level   |
 * | ------------- | ------- |
 * | as expected   | ok      |
 * | 401, 403, 404 | fail    |
 * | none          | fail    |
 * | anything else | unknown |
 */
function judgeProbe(check: string, what: string, probe: BirdProbe, expected: number): Finding {
  if (probe.kind === 'no-answer')
    return note.fail(
      check,
      `Bird does not answer: ${probe.detail}`,
      'nothing can be archived while Bird cannot be reached',
      'check BIRD_API_URL and the way out of this network (a function in a VPC needs a NAT gateway)',
    )
  const { status, code } = probe
  const answer = `Bird answers ${status}${code === undefined ? '' : ` (${code})`}`
  if (status === expected) return note.ok(check, `the key may ${what}`)
  switch (status) {
    case 401:
      return note.fail(
        check,
        `${answer}: the access key is wrong or revoked`,
        'every request would be refused, and each batch would stop at once',
        'set BIRD_ACCESS_KEY, or the secret behind BIRD_ACCESS_KEY_SECRET, to a key that exists',
      )
    case 403:
      return note.fail(
        check,
        `${answer}: the key may not ${what}`,
        'every request would be refused, and each batch would stop at once',
        'give the key a policy with View on /workspaces/<id>/recordings and /workspaces/<id>/recordings/**, and check BIRD_WORKSPACE_ID',
      )
    case 404:
      return note.fail(
        check,
        `${answer}: it cannot ${what}`,
        'there is no such recording or workspace at this address',
        'check the id, BIRD_WORKSPACE_ID and BIRD_API_URL',
      )
    default:
      return note.unknown(
        check,
        `cannot tell whether the key may ${what}: ${answer}`,
        status === 429 ? 'the workspace is being throttled' : 'that is neither yes nor no',
        'try again in a minute',
      )
  }
}

function noRecording(): Finding {
  return note.unknown(
    'bird.recording',
    'cannot tell whether the key may read metadata and follow the redirect: Bird lists no available recording',
    'those are the two requests that the archiver makes for each recording',
    'name one: bird-archive doctor RECORDING-ID',
  )
}

function noAudio(recordingId: string, status = 'of unknown status'): Finding {
  return note.unknown(
    'bird.redirect',
    `cannot tell where the redirect leads: recording ${recordingId} is ${status}`,
    'only an available recording has audio to redirect to',
    'name one that is available: bird-archive doctor RECORDING-ID',
  )
}
