/** The command line was given something that it can't work with; `faults` lists all of it. Nothing has been done yet. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly faults: readonly string[]
  constructor(message: string, faults: readonly string[]) {
    super(message)
    this.faults = faults
  }
}
