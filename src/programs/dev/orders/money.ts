/**
 * Euro and cents, counted in cents: never a floating-point number.
 * Text form: digits, and after a point one or two more, as JSON numbers are written without exponent.
 */
export function centsOf(text: string): bigint | undefined {
  const match = /^(0|[1-9][0-9]{0,4})(?:\.([0-9]{1,2}))?$/.exec(text)
  if (!match) return undefined
  return BigInt(match[1] ?? '') * 100n + BigInt((match[2] ?? '').padEnd(2, '0'))
}

/** Always two digits after the point. */
export function moneyText(cents: bigint): string {
  const digits = cents.toString().padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
