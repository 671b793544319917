import { argumentAt, exact, type TypedArguments } from '@remit/engine'
import type { Limit } from '../task.ts'

/** A call, as far as it counts. */
export interface Countable {
  /** Catalog name. */
  readonly action: string
  readonly arguments: TypedArguments
}

/** How a sum is kept: in ten-thousandths. */
const SCALE = 10_000n
const DIGITS = 4

/** What a limit allows, in whole units: calls, or ten-thousandths. Fits int64, because `readBudget` saw to that. */
export function mostOf(limit: Limit): bigint {
  if (limit.kind === 'calls') return BigInt(limit.most)
  const key = exact('decimal', limit.most)?.key
  if (typeof key !== 'bigint') throw new Error('a limit that is not an amount')
  return key
}

export function concerns(limit: Limit, { action }: Countable): boolean {
  return limit.action === undefined || limit.action === action
}

/**
 * What a call takes of a limit that concerns it, in the limit's units. `undefined`: it cannot be counted, because the
 * argument is missing, negative, or no number as the catalog stands. Such a call is refused: whoever set the limit meant
 * calls to be counted. May be more than any limit is.
 */
export function amountOf(limit: Limit, call: Countable): bigint | undefined {
  if (limit.kind === 'calls') return 1n
  const value = argumentAt(call.arguments, limit.path)
  if (value?.kind !== 'integer' && value?.kind !== 'decimal') return undefined
  const key = exact(value.kind, value.text)?.key
  if (typeof key !== 'bigint' || key < 0n) return undefined
  return value.kind === 'integer' ? key * SCALE : key
}

/** Units of a limit as people read them, with as many fractional digits as the limit was written with, or it takes. */
export function amountInWords(limit: Limit, units: bigint): string {
  if (limit.kind === 'calls') return String(units)
  const written = limit.most.split('.')[1]?.length ?? 0
  const fraction = String(units % SCALE).padStart(DIGITS, '0')
  const needed = fraction.replace(/0+$/, '').length
  const digits = fraction.slice(0, Math.max(written, needed))
  return digits === '' ? String(units / SCALE) : `${units / SCALE}.${digits}`
}
