/** What the driver is told. */
export interface DrivePlan {
  /** A bundle that exports `handler`. */
  readonly bundle: string
  readonly resultFile: string
  readonly batchSize: number
  /** How often a message is delivered before the queue gives up on it. */
  readonly maxReceives: number
  readonly phases: readonly { readonly name: string; readonly ids: readonly string[] }[]
}

/** What one phase has cost. CPU is that of all the process's threads. */
export interface PhaseResult {
  readonly name: string
  readonly recordings: number
  readonly userMs: number
  readonly systemMs: number
  readonly wallMs: number
  /** The highest since the process started. */
  readonly maxRssKb: number
  /** Messages that batches handed back as failed, each time counted. */
  readonly handedBack: number
  /** Messages that were handed back every time. */
  readonly givenUp: number
}

/** Boot is Node's own start; the import is that of the bundle. */
export interface DriveResult {
  readonly bootCpuMs: number
  readonly bootWallMs: number
  readonly importCpuMs: number
  readonly importWallMs: number
  readonly phases: readonly PhaseResult[]
}
