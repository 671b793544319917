/** Fractional digits that a decimal can have, here as in Cedar. */
const FRACTION = 4

/**
 * A number from a document, which may use an exponent, as plain decimal text; `undefined` when it is not exact in 4
 * fractional digits or absurdly large. Numbers of calls never go through here: they stay as they were sent.
 */
export function plainNumber(text: string): string | undefined {
  const match =
    /^(?<sign>-?)(?<whole>[0-9]+)(?:\.(?<fraction>[0-9]*))?(?:[eE](?<exponent>[+-]?[0-9]{1,2}))?$/.exec(
      text,
    )
  if (!match?.groups) return undefined
  const { sign = '', whole = '', fraction = '', exponent = '0' } = match.groups
  const point = whole.length + Number(exponent)
  if (point > 40 || point < -40) return undefined
  const digits = '0'.repeat(Math.max(0, 1 - point)) + whole + fraction
  const at = Math.max(1, point)
  const left = digits
    .slice(0, at)
    .padEnd(at, '0')
    .replace(/^0+(?=[0-9])/, '')
  const right = digits.slice(at).replace(/0+$/, '')
  if (right.length > FRACTION) return undefined
  return right === '' ? sign + left : `${sign}${left}.${right}`
}
