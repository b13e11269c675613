import * as v from 'valibot'
import { type ArchiveConfig, readArchiveConfig } from './archive-config.ts'
import { ConfigurationError } from './errors.ts'
import { CatalogEnvironment, type Settings, settingsIn } from './settings.ts'

/** What searching with Athena takes from the environment, beside what working with the archive does. */
export interface SearchConfig extends ArchiveConfig {
  readonly catalog: {
    readonly database: string
    readonly workGroup: string
    /** The first day of the tables' partition projection (`YYYY-MM-DD`): Athena sees no earlier one. */
    readonly firstDay: string
  }
}

/**
 * Reads strictly what searching with Athena needs of the environment.
 * @throws ConfigurationError with every fault, each saying what to do
 */
export function readSearchConfig(environment: Settings): SearchConfig {
  const parsed = v.safeParse(CatalogEnvironment, settingsIn(environment))
  const faults = (parsed.issues ?? []).map(({ message }) => message)
  let archive: ArchiveConfig | undefined
  try {
    archive = readArchiveConfig(environment)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    faults.unshift(...error.faults)
  }
  if (!parsed.success || archive === undefined) throw new ConfigurationError(faults)
  const {
    CATALOG_DATABASE: database,
    CATALOG_WORK_GROUP: workGroup,
    CATALOG_FIRST_DAY: firstDay,
  } = parsed.output
  return { ...archive, catalog: { database, workGroup, firstDay } }
}
