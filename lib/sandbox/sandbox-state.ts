import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a sandbox must remember to be the same again after it was stopped or killed: `sandbox.json` in its directory. */
export interface SandboxState {
  readonly version: 1
  readonly seed: number
  readonly recordings: number
  /** How many recordings of the past are listed beside them; none if missing. */
  readonly history?: number
  /** Over how many days they are spread. */
  readonly historyDays?: number
  /** The moment before which all calls lie; RFC 3339. */
  readonly callsBefore: string
  /** When it was ready for the first time: the statuses of the calls count from here. */
  readonly startedAt?: string
  readonly workspaceId: string
  /** Random, and different in each directory. */
  readonly birdAccessKey: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly ports?: SandboxPorts
  /** The process that has the directory in use. */
  readonly pid?: number
}

export interface SandboxPorts {
  readonly s3?: number
  readonly sqs?: number
  readonly bird?: number
  readonly api?: number
}

/** What is asked for of a sandbox; what is undefined is as the directory has it. */
export interface WantedState {
  readonly seed?: number | undefined
  readonly recordings?: number | undefined
  readonly history?: number | undefined
  readonly historyDays?: number | undefined
  readonly now: Date
}

const FILE = 'sandbox.json'
const HISTORY_DAYS = 180

/**
 * The state of the sandbox in `directory`, or a new one with fresh keys. Throws if the directory holds another call
 * center than the one that is asked for, or if days are asked for and no history.
 */
export async function openState(directory: string, wanted: WantedState): Promise<SandboxState> {
  await mkdir(directory, { recursive: true })
  const kept = await readState(directory)
  const state = kept ?? createState(wanted)
  const { history = 0, historyDays = HISTORY_DAYS } = state
  const { seed = state.seed, recordings = state.recordings } = wanted
  if (
    seed !== state.seed ||
    recordings !== state.recordings ||
    (wanted.history ?? history) !== history ||
    (history > 0 && (wanted.historyDays ?? historyDays) !== historyDays)
  ) {
    const past = history > 0 ? ` and a history of ${history} over ${historyDays} days` : ''
    throw new Error(
      `${directory} holds a sandbox of ${state.recordings} recordings with seed ${state.seed}${past}: ` +
        `ask for the same, or choose another directory, or delete this one`,
    )
  }
  if (history === 0 && wanted.historyDays !== undefined)
    throw new Error('there is no history to spread over days: say how many recordings it has')
  return state
}

/** Replaces the file in one step, so that being killed never leaves half of one. Only its owner may read it. */
export async function writeState(directory: string, state: SandboxState): Promise<void> {
  const draft = join(directory, `${FILE}.${process.pid}.tmp`)
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, join(directory, FILE))
}

async function readState(directory: string): Promise<SandboxState | undefined> {
  let text: string
  try {
    text = await readFile(join(directory, FILE), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const state: unknown = JSON.parse(text)
  if (!isState(state))
    throw new Error(`${join(directory, FILE)} was not written by this version of the sandbox`)
  return state
}

function isState(value: unknown): value is SandboxState {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 1
}

function createState({ seed = 1, recordings = 0, history = 0, historyDays, now }: WantedState): SandboxState {
  return {
    version: 1,
    seed,
    recordings,
    ...(history > 0 && { history, historyDays: historyDays ?? HISTORY_DAYS }),
    callsBefore: now.toISOString(),
    workspaceId: randomUUID(),
    birdAccessKey: randomText(40),
    credentials: { accessKeyId: `SANDBOX${randomText(13).toUpperCase()}`, secretAccessKey: randomText(40) },
  }
}

function randomText(length: number): string {
  return randomBytes(2 * length)
    .toString('base64')
    .replace(/[+/=]/g, '')
    .slice(0, length)
}
