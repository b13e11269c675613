/** What must never be printed, beside the query of a link. */
export interface Secrets {
  readonly accessKeys: readonly string[]
  readonly phoneNumbers: readonly string[]
}

/** Marks of a live link's query: S3's signature and token, and the access token of a conference room. */
const LINK_QUERY = /X-Amz-(?:Signature|Credential|Security-Token)|access_token=/i

/** Searches everything that was printed; says what kind of secret it found, never the secret. */
export function findLeaks(printed: string, { accessKeys, phoneNumbers }: Secrets): string[] {
  const leaks: string[] = []
  if (accessKeys.some((key) => printed.includes(key))) leaks.push('an access key was printed')
  if (LINK_QUERY.test(printed)) leaks.push("a link's query was printed")
  const found = phoneNumbers.filter((digits) => printed.includes(digits)).length
  if (found > 0) leaks.push(`${found} phone numbers were printed`)
  return leaks
}
