import { argumentAt, exact, type TypedArguments } from '@remit/engine'

/**
 * Sizes are whole ten-thousandths. A histogram keeps them in steps of a sixteenth of a power of two, so that a median is at most
 * a thirty-second off, whatever the size, and the same on every machine: there is no floating-point number in it.
 */
const STEPS = 16
const STEP_BITS = 4

/**
 * Reads the size of a call from the argument that its action names for it; `undefined` when it has
 * none. A debit is as large as a credit.
 */
export function sizeOf(args: TypedArguments, path: string): bigint | undefined {
  const value = argumentAt(args, path)
  if (value?.kind !== 'integer' && value?.kind !== 'decimal') return undefined
  const key = exact(value.kind, value.text)?.key
  if (typeof key !== 'bigint') return undefined
  const units = value.kind === 'integer' ? key * 10_000n : key
  return units < 0n ? -units : units
}

/** Answers the place of a size in a histogram. */
export function bucketOf(size: bigint): number {
  const shift = Math.max(size.toString(2).length - 1 - STEP_BITS, 0)
  return shift * STEPS + Number(size >> BigInt(shift))
}

/** The middle of the sizes in a bucket. */
export function middleOf(bucket: number): bigint {
  const shift = Math.max(Math.floor(bucket / STEPS) - 1, 0)
  const least = BigInt(bucket - shift * STEPS) << BigInt(shift)
  return shift === 0 ? least : least + (1n << BigInt(shift - 1))
}

/** Fewer sizes than this do not show a usual size. */
export const MIN_SIZES = 5

/** The lower median; `undefined` when there are too few. */
export function medianOf(histogram: ReadonlyMap<number, number>): bigint | undefined {
  const total = histogram.values().reduce((sum, count) => sum + count, 0)
  if (total < MIN_SIZES) return undefined
  let seen = 0
  for (const [bucket, count] of [...histogram].toSorted(([a], [b]) => a - b)) {
    seen += count
    if (seen * 2 >= total) return middleOf(bucket)
  }
  return undefined
}

/** A million times the usual, in ten-thousandths: nothing depends on how much more it is. */
const MAX_RATIO = 10_000_000_000n

/** Answers the ratio in ten-thousandths. */
export function ratioOf(size: bigint, median: bigint): bigint {
  if (median === 0n) return size === 0n ? 10_000n : MAX_RATIO
  const ratio = (size * 10_000n) / median
  return ratio < MAX_RATIO ? ratio : MAX_RATIO
}
