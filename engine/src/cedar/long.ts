/**
 * Cedar's `Long`: exact 64-bit integers. A safe integer is a `number`, any other a `bigint`, never the one for the other: so `===`
 * compares them, `<` too, and nearly all arithmetic stays with numbers.
 */
export type Long = number | bigint

const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)
const SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** The one form of an integer; `undefined` outside of 64 bits. */
export function longOf(value: bigint): Long | undefined {
  if (value >= -SAFE && value <= SAFE) return Number(value)
  return value >= MIN && value <= MAX ? value : undefined
}

/** Decimal digits with an optional minus, as JSON writes integers; `undefined` for anything else, or outside of 64 bits. */
export function parseLong(text: string): Long | undefined {
  const few = text.length <= FEW_DIGITS ? parseDigits(text, 0, text.length) : undefined
  if (few !== undefined && (few === 0 ? text === '0' : text[0] !== '0')) return few
  if (!/^-?(?:0|[1-9][0-9]{0,18})$/.test(text)) return undefined
  return text.length < 16 ? Number(text) + 0 : longOf(BigInt(text))
}

/** Up to here, looking at each digit is faster than a regular expression. */
const FEW_DIGITS = 9

/** Reads ASCII digits, at least one and few; `undefined` for anything else. */
export function parseDigits(text: string, from: number, to: number): number | undefined {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30
    // Beyond the end of the text it is not a number.
    if (!(digit >= 0 && digit <= 9)) return undefined
    value = value * 10 + digit
  }
  return from < to ? value : undefined
}

// Each gives `undefined` on overflow. Adding 0 makes 0 of -0.

export function add(a: Long, b: Long): Long | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum + 0
  }
  return longOf(BigInt(a) + BigInt(b))
}

export function subtract(a: Long, b: Long): Long | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference + 0
  }
  return longOf(BigInt(a) - BigInt(b))
}

export function multiply(a: Long, b: Long): Long | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    // A product that is safe after rounding was not rounded.
    if (Number.isSafeInteger(product)) return product + 0
  }
  return longOf(BigInt(a) * BigInt(b))
}

export function negate(a: Long): Long | undefined {
  return typeof a === 'number' ? 0 - a : longOf(-a)
}

/** Towards zero, as Cedar divides; `divisor` is a positive safe integer. */
export function divide(a: Long, divisor: number): Long {
  if (typeof a === 'number') return Math.trunc(a / divisor) + 0
  return longOf(a / BigInt(divisor)) ?? 0
}

/** The remainder that is never negative; `divisor` is a positive safe integer. */
export function remainder(a: Long, divisor: number): number {
  const rest = typeof a === 'number' ? a % divisor : Number(a % BigInt(divisor))
  return rest < 0 ? rest + divisor : rest + 0
}
