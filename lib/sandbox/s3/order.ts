const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff

/** Compares keys by their UTF-8 bytes, the order in which S3 lists; JavaScript's own differs beyond the BMP. */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let at = 0; at < shorter; at++) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left === right) continue
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1
    return left - right
  }
  return a.length - b.length
}

/** The place of the first entry that is not below `key`, in a list ordered by `compareKeys`. */
export function lowerBound(ordered: readonly string[], key: string): number {
  let low = 0
  let high = ordered.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(ordered[middle] ?? '', key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Puts a key into an ordered list, once. */
export function insertOrdered(ordered: string[], key: string): void {
  const at = lowerBound(ordered, key)
  if (ordered[at] !== key) ordered.splice(at, 0, key)
}

/** Takes a key out of an ordered list. */
export function removeOrdered(ordered: string[], key: string): void {
  const at = lowerBound(ordered, key)
  if (ordered[at] === key) ordered.splice(at, 1)
}
