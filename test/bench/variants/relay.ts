import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { costOf, type Variant } from './variant.ts'

/** The limit of what is possible: see native/relay.c. */
export const relay: Variant = {
  name: 'relay',
  title: 'a relay in C with SHA-256: the limit, not a peer',
  kind: 'limit',
  // It knows no 429.
  runsOn: ({ getsPerSecond }) => getsPerSecond === 0,
  async run({ ids, cloud, workload, tools, measure, directory }) {
    const idFile = join(directory, 'ids.txt')
    writeFileSync(idFile, `${ids.join('\n')}\n`)
    const { api, s3 } = cloud.ports
    const command = [tools.relay, '--api', String(api), '--s3', String(s3), '--ids', idFile]
    command.push('--threads', String(workload.atOnce))
    if (workload.tls) command.push('--tls', tools.certificate.certificateFile)
    return costOf(await measure(command, {}))
  },
}
