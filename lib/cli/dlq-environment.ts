import { type Config, readConfig } from '../config.ts'

/** What the configuration asks for and these commands do not use: it need not be set. */
const UNUSED = { BIRD_WORKSPACE_ID: 'unused', ARCHIVE_BUCKET: 'unused' }

/** What the commands on dead letters need to know. */
export interface DlqConfig {
  readonly config: Config
  readonly queueUrl: string
  readonly deadLetterQueueUrl: string
}

/**
 * Reads the environment as strictly as the function does, except that no key of Bird is needed, and a workspace and a
 * bucket only where documents are written.
 * @throws ConfigurationError with every fault
 */
export function readDlqConfig(
  environment: Readonly<Record<string, string | undefined>>,
  needs: { readonly bucket: boolean },
): DlqConfig {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
  const config = readConfig(
    {
      ...(!needs.bucket && UNUSED),
      ...set,
      BIRD_ACCESS_KEY: 'unused',
      BIRD_ACCESS_KEY_SECRET: undefined,
    },
    { queues: true },
  )
  const { queueUrl = '', deadLetterQueueUrl = '' } = config.queues ?? {}
  return { config, queueUrl, deadLetterQueueUrl }
}
