import { DAY_SECONDS, HOUR_SECONDS } from '../../platform/lib/time-units.ts'
import type { Limit, SettledKind } from './limit.ts'

/** Quantity that a limit counts, and its window; without the amount that is allowed. */
export type CountedQuantity = { readonly seconds?: number | undefined } & (
  | { readonly kind: 'calls'; readonly action?: string | undefined }
  | { readonly kind: 'sum' | SettledKind; readonly action: string; readonly path: string }
)

/**
 * `calls`, `calls of orders.refund in 1 h`, `orders.refund/amount in 1 d`, `rows of crm.search/customers`. It names the counted value and the way of counting, so the same limit has
 * the same name wherever it stands, and no other one has.
 */
export function limitName(counted: CountedQuantity): string {
  const { seconds } = counted
  const what = whatOf(counted)
  return seconds === undefined ? what : `${what} in ${secondsInWords(seconds)}`
}

function whatOf(counted: CountedQuantity): string {
  switch (counted.kind) {
    case 'calls':
      return `calls${counted.action === undefined ? '' : ` of ${counted.action}`}`
    case 'sum':
      return `${counted.action}${counted.path}`
    case 'charged':
      return `charged by ${counted.action}${counted.path}`
    case 'rows':
      return `rows of ${counted.action}${counted.path}`
  }
}

const UNITS = [
  [DAY_SECONDS, 'd'],
  [HOUR_SECONDS, 'h'],
  [60, 'min'],
] as const

/** Writes a time in the largest unit that it is a whole number of. */
export function secondsInWords(seconds: number): string {
  const [unit, word] = UNITS.find(([each]) => seconds % each === 0) ?? [1, 's']
  return `${seconds / unit} ${word}`
}

/** Over how long it counts; `null`: over everything that ever happens under it. */
export function windowOf({ seconds }: Pick<Limit, 'seconds'>): number | null {
  return seconds === undefined ? null : seconds * 1000
}
