import { ApiRefusal } from './answer.ts'
import { type ExactJson, ExactNumber } from './exact-json.ts'

/**
 * The body for a handler, from what was decided on. JavaScript numbers have 53 bits: what they would change is refused, because the
 * handler would act on another number than rules, bounds and people saw.
 * @throws {ApiRefusal} `input.inexact_number`
 */
export function handlerBody(value: ExactJson): unknown {
  if (value instanceof ExactNumber) return exactNumber(value.text)
  if (value instanceof Map) {
    const members: Record<string, unknown> = {}
    for (const [name, member] of value) members[name] = handlerBody(member)
    return members
  }
  return Array.isArray(value) ? Array.from<ExactJson>(value).map(handlerBody) : value
}

function exactNumber(text: string): number {
  const number = Number(text)
  if (Number.isFinite(number) && digitsOf(String(number)) === digitsOf(text)) return number
  throw new ApiRefusal(
    'input.inexact_number',
    `${text.length > 40 ? `${text.slice(0, 40)}…` : text} has more digits than a number has here`,
  )
}

/** A number as its sign, digits and power of ten, in the one way that equal numbers share. */
function digitsOf(text: string): string {
  const {
    exponent = '0',
    fraction = '',
    sign = '',
    whole = '',
  } = /^(?<sign>-?)(?<whole>\d+)(?:\.(?<fraction>\d+))?(?:[eE](?<exponent>[+-]?\d+))?$/.exec(text)
    ?.groups ?? {}
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const power = Number(exponent) - fraction.length + (digits.length - significant.length)
  return `${sign}${significant}e${power}`
}
