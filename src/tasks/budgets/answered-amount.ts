import { ExactNumber, isObject, type Json } from '../../platform/lib/json.ts'
import { LARGEST_AMOUNT } from './amount.ts'
import type { SettledKind } from './limit.ts'

/** Part of an answer that says what a call takes. */
export interface AnswerPart {
  readonly kind: SettledKind
  /** JSON Pointer into the answer. */
  readonly path: string
}

/** Amounts in an answer. `unsaid`: why it says none; then the reserved amount stays taken. */
export type ReportedAmount =
  | { readonly unsaid: MissingAmountReason }
  /** Amount in the units of its kind; `undefined`: not there, or nothing that can be counted. */
  | { readonly unsaid?: undefined; readonly of: (part: AnswerPart) => bigint | undefined }

/**
 * `failed`: no whole answer came. `cut`: we ended it. `too_large`, `not_json`: it came, and cannot be read. `not_there`: read, without
 * the amount. `unreported`: the API did not say. `indeterminate`: what became of the call is not known.
 */
export type MissingAmountReason =
  | 'failed'
  | 'cut'
  | 'too_large'
  | 'not_json'
  | 'not_there'
  | 'unreported'
  | 'indeterminate'

/** Bytes of an answer that has to be read for its amounts. */
export const MAX_READ = 1024 * 1024

export function reportedAmount(answer: Json): ReportedAmount {
  return { of: (part) => amountIn(answer, part) }
}

/** Reads amounts that an API reports when it keeps its answers to itself. */
export function saidAs(
  amounts: readonly (AnswerPart & { readonly amount: string })[],
): ReportedAmount {
  return {
    of: ({ kind, path }) => {
      const told = amounts.find((each) => each.kind === kind && each.path === path)
      return told && (kind === 'rows' ? wholeOf(told.amount) : tenThousandthsOf(told.amount))
    },
  }
}

/** INVARIANT: a missing part, or one that is no amount, does not count as zero: then the whole has no amount. */
function amountIn(answer: Json, { kind, path }: AnswerPart): bigint | undefined {
  const steps = path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  const total = sumAt(answer, steps, kind === 'rows' ? rowsIn : chargeOf)
  return total === undefined ? undefined : atMost(total)
}

type AmountReader = (value: Json) => bigint | undefined

/** Sums as obligations read paths: a name that meets a list means each item of it. */
function sumAt(value: Json, steps: readonly string[], count: AmountReader): bigint | undefined {
  const [step, ...rest] = steps
  if (step === undefined) return count(value)
  if (Array.isArray(value)) {
    const items: readonly Json[] = value
    if (step === '*') return sumOf(items.map((item) => sumAt(item, rest, count)))
    if (!/^(?:0|[1-9]\d*)$/.test(step)) return sumOf(items.map((item) => sumAt(item, steps, count)))
    const item = items[Number(step)]
    return item === undefined ? undefined : sumAt(item, rest, count)
  }
  if (!isObject(value)) return undefined
  if (step === '*') return sumOf(Array.from(value.values(), (item) => sumAt(item, rest, count)))
  const member = value.get(step)
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

/** No list at all, as some APIs write an empty one, has no rows. */
function rowsIn(value: Json): bigint | undefined {
  if (value === null) return 0n
  return Array.isArray(value) ? BigInt(value.length) : undefined
}

/** A number, or a text that is one: money often is. */
function chargeOf(value: Json): bigint | undefined {
  if (value instanceof ExactNumber) return tenThousandthsOf(value.text)
  return typeof value === 'string' ? tenThousandthsOf(value) : undefined
}

const NUMBER = /^(\d{1,400})(?:\.(\d{1,400}))?(?:[eE]([+-]?\d{1,4}))?$/

/** Reads an exact amount; a part below a ten-thousandth counts as a whole one. Nothing below zero is an amount. */
function tenThousandthsOf(text: string): bigint | undefined {
  const [, whole, fraction = '', exponent = '0'] = NUMBER.exec(text) ?? []
  if (whole === undefined) return undefined
  const digits = BigInt(whole + fraction)
  const shift = Number(exponent) - fraction.length + 4
  if (digits === 0n) return 0n
  if (shift > 400) return LARGEST_AMOUNT
  if (shift >= 0) return atMost(digits * 10n ** BigInt(shift))
  const unit = 10n ** BigInt(-shift)
  return atMost((digits + unit - 1n) / unit)
}

function wholeOf(text: string): bigint | undefined {
  return /^\d{1,20}$/.test(text) ? atMost(BigInt(text)) : undefined
}

/** More than any limit there can be is all the same; kept so, what many calls take still fits the row that counts. */
function atMost(amount: bigint): bigint {
  return amount < LARGEST_AMOUNT ? amount : LARGEST_AMOUNT
}
