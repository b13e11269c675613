/** How the command line ends; a script may rely on these. */
export const EXIT = {
  /** Everything that was asked for is accounted for. */
  done: 0,
  /** Something is left to do; what and why has been said. */
  incomplete: 1,
  /** Nothing can be done before a person has mended the arguments or the environment. */
  misconfigured: 2,
  /** Ctrl-C: 128 and the number of the signal, as shells count. */
  interrupted: 130,
  /** Whoever read the results left before their end, as in `bird-archive … | head`; likewise. */
  cutOff: 141,
  terminated: 143,
} as const

/** A command's way to tell how the program is to end. */
export type Finish = (exitCode: number) => void
