import { type ExactJson, ExactNumber } from '../exact-json.ts'
import { isList, isPlace, stepsOf } from './follow.ts'

/** A part of the answer that says how much the call takes of limits. */
export interface AnswerPart {
  readonly limit: 'charged' | 'rows'
  readonly path: string
}

export interface Amount extends AnswerPart {
  /** Exact: in ten-thousandths at most, or of rows how many. */
  readonly amount: string
}

/**
 * Reads these amounts in an answer; those that it does not say are left out, and stay as they were
 * reserved.
 */
export function amountsIn(answer: ExactJson, parts: readonly AnswerPart[]): readonly Amount[] {
  return parts.flatMap(({ limit, path }) => {
    const rows = limit === 'rows'
    const total = sumAt(answer, stepsOf(path), rows ? rowsIn : chargeOf)
    if (total === undefined) return []
    return [{ limit, path, amount: rows ? String(total) : decimalOf(total) }]
  })
}

type AmountReader = (value: ExactJson) => bigint | undefined

/**
 * Sums as obligations read paths. What is missing anywhere, or is no amount, is not taken for
 * nothing.
 */
function sumAt(
  value: ExactJson,
  steps: readonly string[],
  count: AmountReader,
): bigint | undefined {
  const [step, ...rest] = steps
  if (step === undefined) return count(value)
  if (isList(value)) {
    if (step === '*') return sumOf(value.map((item) => sumAt(item, rest, count)))
    if (!isPlace(step)) return sumOf(value.map((item) => sumAt(item, steps, count)))
    const item = value[Number(step)]
    return item === undefined ? undefined : sumAt(item, rest, count)
  }
  if (!(value instanceof Map)) return undefined
  const members: ReadonlyMap<string, ExactJson> = value
  if (step === '*') return sumOf(Array.from(members.values(), (item) => sumAt(item, rest, count)))
  const member = members.get(step)
  return member === undefined ? undefined : sumAt(member, rest, count)
}

function sumOf(amounts: readonly (bigint | undefined)[]): bigint | undefined {
  let total = 0n
  for (const amount of amounts) {
    if (amount === undefined) return undefined
    total += amount
  }
  return total
}

function rowsIn(value: ExactJson): bigint | undefined {
  if (value === null) return 0n
  return isList(value) ? BigInt(value.length) : undefined
}

function chargeOf(value: ExactJson): bigint | undefined {
  if (value instanceof ExactNumber) return tenThousandthsOf(value.text)
  return typeof value === 'string' ? tenThousandthsOf(value) : undefined
}

const NUMBER = /^(\d{1,400})(?:\.(\d{1,400}))?(?:[eE]([+-]?\d{1,4}))?$/
/** Beyond every limit there can be. */
const LARGEST = 10n ** 16n

/** Parses an amount into ten-thousandths. A finer one counts as a whole ten-thousandth. */
function tenThousandthsOf(text: string): bigint | undefined {
  const [, whole, fraction = '', exponent = '0'] = NUMBER.exec(text) ?? []
  if (whole === undefined) return undefined
  const digits = BigInt(whole + fraction)
  const shift = Number(exponent) - fraction.length + 4
  if (digits === 0n) return 0n
  if (shift > 400) return LARGEST
  if (shift >= 0) return digits * 10n ** BigInt(shift)
  const unit = 10n ** BigInt(-shift)
  return (digits + unit - 1n) / unit
}

function decimalOf(units: bigint): string {
  const most = units < LARGEST ? units : LARGEST
  const fraction = String(most % 10_000n)
    .padStart(4, '0')
    .replace(/0+$/, '')
  const whole = String(most / 10_000n)
  return fraction === '' ? whole : `${whole}.${fraction}`
}
