import { argumentAt, exact, type TypedArguments } from '@remit/engine'
import type { Limit, SettledKind } from './limit.ts'

/** A call, as far as it counts. */
export interface CountableCall {
  /** Catalog name. */
  readonly action: string
  readonly arguments: TypedArguments
}

/** Scale of a kept sum: ten-thousandths. */
const SCALE = 10_000n
const DIGITS = 4

/**
 * Maximum amount in an answer, in ten-thousandths or rows. No limit on answers is larger: one such
 * call is beyond any.
 */
export const LARGEST_AMOUNT = 10n ** 16n

export type SettledLimit = Extract<Limit, { readonly kind: SettledKind }>

/** Tells whether what a call takes of it is known only from the answer. */
export function isSettled(limit: Limit): limit is SettledLimit {
  return limit.kind === 'charged' || limit.kind === 'rows'
}

/**
 * Amount that a limit allows, in whole units: calls, rows, or ten-thousandths. Fits int64, because
 * `readBudget` saw to that.
 */
export function mostOf(limit: Limit): bigint {
  const most = unitsOf(limit, limit.most)
  if (most === undefined) throw new Error('a limit that is not an amount')
  return most
}

/** An amount as it was written, in the units of a limit. */
function unitsOf({ kind }: Limit, text: string): bigint | undefined {
  if (countsWhole(kind)) return BigInt(text)
  const key = exact('decimal', text)?.key
  return typeof key === 'bigint' ? key : undefined
}

function countsWhole(kind: Limit['kind']): boolean {
  return kind === 'calls' || kind === 'rows'
}

export function concerns(limit: Limit, { action }: CountableCall): boolean {
  return limit.action === undefined || limit.action === action
}

/**
 * Amount that a call takes of a limit that concerns it, in the limit's units; for a settled limit,
 * until the answer is known. `undefined`: it cannot be counted, because the argument is missing,
 * negative, or no number as the catalog stands. Such a call is refused: the limit is meant to count
 * every call. May be more than any limit is.
 */
export function amountOf(limit: Limit, call: CountableCall): bigint | undefined {
  if (limit.kind === 'calls') return 1n
  if (limit.kind === 'sum') return argumentUnits(limit, limit.path, call)
  const { reserve } = limit
  return reserve.startsWith('/') ? argumentUnits(limit, reserve, call) : unitsOf(limit, reserve)
}

function argumentUnits({ kind }: Limit, path: string, call: CountableCall): bigint | undefined {
  const value = argumentAt(call.arguments, path)
  if (value?.kind !== 'integer' && value?.kind !== 'decimal') return undefined
  const key = exact(value.kind, value.text)?.key
  if (typeof key !== 'bigint' || key < 0n) return undefined
  if (!countsWhole(kind)) return value.kind === 'integer' ? key * SCALE : key
  return value.kind === 'integer' ? key : undefined
}

/** Units of a limit as people read them, with as many fractional digits as the limit was written with, or it takes. */
export function amountInWords({ kind, most }: Pick<Limit, 'kind' | 'most'>, units: bigint): string {
  return unitsInWords(kind, units, most.split('.')[1]?.length ?? 0)
}

export function unitsInWords(kind: Limit['kind'], units: bigint, least = 0): string {
  if (countsWhole(kind)) return String(units)
  const fraction = String(units % SCALE).padStart(DIGITS, '0')
  const needed = fraction.replace(/0+$/, '').length
  const digits = fraction.slice(0, Math.max(least, needed))
  return digits === '' ? String(units / SCALE) : `${units / SCALE}.${digits}`
}
