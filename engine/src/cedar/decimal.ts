import { longOf } from './long.ts'
import { Decimal } from './value.ts'

/** Digits that any 64-bit number of ten-thousandths can need, before the point. */
const MAX_DIGITS = 15

/** Fewer, and a number holds all of them exactly. */
const SAFE_DIGITS = 12

/** Cedar's `decimal("…")`: digits, a point, one to four digits. `undefined` for anything else, or out of range. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /^(-?)(?=[0-9])0*([1-9][0-9]*)?\.([0-9]{1,4})$/.exec(text)
  if (!match) return undefined
  const [, sign, whole = '', fraction = ''] = match
  if (whole.length > MAX_DIGITS) return undefined
  if (whole.length < SAFE_DIGITS) {
    const digits = Number(whole + fraction.padEnd(4, '0'))
    return new Decimal(sign ? 0 - digits : digits)
  }
  const scaled = longOf(BigInt(`${sign}${whole}${fraction.padEnd(4, '0')}`))
  return scaled === undefined ? undefined : new Decimal(scaled)
}
