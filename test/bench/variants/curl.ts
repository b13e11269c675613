import { bash, runOneByOne } from './one-by-one.ts'
import type { Variant } from './variant.ts'

/**
 * The least that a script can do: a file in between, because the signature needs the SHA-256 before the first byte.
 * curl signs what it is told to be the digest; by itself it does not read the file for it.
 */
export const curl: Variant = {
  name: 'curl',
  title: 'curl to a file, sha256sum, curl --aws-sigv4 to S3',
  needs: { command: 'curl', package: 'curl' },
  kind: 'tool',
  runsOn: ({ oneByOne }) => oneByOne > 0,
  run(job) {
    const { cloud, workload, tools } = job
    const endpoint = `${cloud.scheme}://127.0.0.1:${cloud.ports.s3}`
    const trust = workload.tls ? `--cacert ${tools.certificate.certificateFile}` : ''
    return runOneByOne(
      job,
      bash(
        `file=$(mktemp); curl -sSf ${trust} -o "$file" "$0"; read -r sum _ < <(sha256sum "$file"); ` +
          `curl -sSf ${trust} --aws-sigv4 aws:amz:eu-west-1:s3 --user AKIAEXAMPLE:bench-secret ` +
          `-H "x-amz-content-sha256: $sum" -H 'content-type: audio/mpeg' -T "$file" "${endpoint}/$1"; rm "$file"`,
      ),
    )
  },
}
