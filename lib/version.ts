import pkg from '../package.json' with { type: 'json' }

/** Version of this program, as it goes into every document that it writes. */
export const VERSION: string = pkg.version
