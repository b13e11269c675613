import { bash, runOneByOne } from './one-by-one.ts'
import type { Variant } from './variant.ts'

/** AWS's own command line. */
export const aws: Variant = {
  name: 'aws',
  title: 'curl | aws s3 cp -, a pair of processes a recording',
  needs: { command: 'aws', package: 'awscli' },
  kind: 'tool',
  runsOn: ({ oneByOne }) => oneByOne > 0,
  run(job) {
    const { cloud, workload, tools } = job
    const endpoint = `${cloud.scheme}://127.0.0.1:${cloud.ports.s3}`
    const trust = workload.tls ? `--cacert ${tools.certificate.certificateFile}` : ''
    return runOneByOne(
      job,
      bash(
        `curl -sSf ${trust} "$0" | aws --endpoint-url ${endpoint} s3 cp --only-show-errors --content-type audio/mpeg - "s3://$1"`,
      ),
      workload.tls ? { environment: { AWS_CA_BUNDLE: tools.certificate.certificateFile } } : {},
    )
  },
}
