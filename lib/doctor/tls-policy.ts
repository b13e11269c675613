/** A bucket's policy, as far as it was looked at. */
export interface PolicyFacts {
  /** Everybody is refused who comes without TLS. */
  readonly tlsOnly: boolean
  /** A statement allows everybody something, on no condition. */
  readonly openToAll: boolean
}

interface Statement {
  readonly Effect?: unknown
  readonly Principal?: unknown
  readonly Action?: unknown
  readonly Resource?: unknown
  readonly Condition?: unknown
}

/**
 * Reads a bucket policy. TLS-only is a Deny to everybody of `s3:*` on the bucket and its objects where
 * `aws:SecureTransport` is false. Source: S3 User Guide, "Security best practices: enforce encryption of data in transit".
 * Undefined if the text is no policy.
 */
export function readPolicy(text: string, bucket: string): PolicyFacts | undefined {
  const statements = statementsOf(text)
  if (statements === undefined) return undefined
  return {
    tlsOnly: statements.some((statement) => refusesPlainHttp(statement, bucket)),
    openToAll: statements.some(
      ({ Effect, Principal, Condition }) =>
        Effect === 'Allow' && isEverybody(Principal) && Condition === undefined,
    ),
  }
}

function statementsOf(text: string): Statement[] | undefined {
  try {
    const policy = JSON.parse(text) as { Statement?: unknown } | null
    return listOf(policy?.Statement).filter(
      (one): one is Statement => typeof one === 'object' && one !== null,
    )
  } catch {
    return undefined
  }
}

function refusesPlainHttp(statement: Statement, bucket: string): boolean {
  const { Effect, Principal, Action, Resource, Condition } = statement
  const condition = (Condition ?? {}) as Record<string, Record<string, unknown> | undefined>
  const secure = Object.entries(condition['Bool'] ?? {}).find(
    ([name]) => name.toLowerCase() === 'aws:securetransport',
  )?.[1]
  // A second condition would let some through.
  const only = Object.keys(condition).length === 1 && Object.keys(condition['Bool'] ?? {}).length === 1
  const covers = (end: string): boolean =>
    listOf(Resource).some(
      (resource) =>
        resource === '*' ||
        (typeof resource === 'string' &&
          resource.startsWith('arn:') &&
          resource.endsWith(`:::${bucket}${end}`)),
    )
  return (
    Effect === 'Deny' &&
    isEverybody(Principal) &&
    only &&
    listOf(secure).map(String).includes('false') &&
    listOf(Action).some((action) => action === '*' || action === 's3:*') &&
    (covers('*') || (covers('') && covers('/*')))
  )
}

function isEverybody(principal: unknown): boolean {
  if (typeof principal !== 'object' || principal === null) return principal === '*'
  return 'AWS' in principal && listOf(principal.AWS).includes('*')
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? (value as unknown[]) : [value]
}
