/** The CRC-32 polynomial, bit-reversed as in zlib, and the number that stands for 1. */
const POLYNOMIAL = 0xedb88320
const ONE = 0x80000000

/**
 * CRC-32 of two texts one behind the other, from the checksums of both and the length of the second in bytes: CRC-32 is
 * linear, so nothing is read again. Unsigned 32-bit numbers. Source: ISO 3309; as zlib's `crc32_combine`.
 */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  return (multiply(powerOfX(secondBytes * 8), first) ^ second) >>> 0
}

/** Product of two polynomials over GF(2), modulo the CRC's. */
function multiply(left: number, right: number): number {
  let product = 0
  let shifted = right
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((left & bit) !== 0) product ^= shifted
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL
  }
  return product >>> 0
}

/** x to the power of `exponent`, by squaring. */
function powerOfX(exponent: number): number {
  let power = ONE
  let square = ONE >>> 1
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(square, power)
    square = multiply(square, square)
  }
  return power
}
