/**
 * All bounds on one argument, together, are one constraint: a few values, a range, or a prefix. Three shapes that are
 * closed under "and", which is what makes merging, comparing and normalising exact.
 */
import type { ArgumentKind } from './arguments.ts'
import type { Bound } from './detail.ts'
import { type ExactValue, exact } from './exact.ts'

interface Point extends ExactValue {
  readonly key: bigint
}

/** The values of one kind that satisfy some bounds. Never empty: what nothing satisfies is `undefined`. */
export type Constraint =
  | { readonly shape: 'values'; readonly values: readonly ExactValue[] }
  | { readonly shape: 'range'; readonly least: Point | undefined; readonly most: Point | undefined }
  | { readonly shape: 'prefix'; readonly prefix: string }

/** Constraint of one bound; `undefined` when its operator or value does not fit the kind. */
export function constraintOf(kind: ArgumentKind, { op, value }: Bound): Constraint | undefined {
  if (op === 'in') return typeof value === 'string' ? undefined : valuesOf(kind, value)
  if (typeof value !== 'string') return undefined
  switch (op) {
    case 'eq':
      return valuesOf(kind, [value])
    case 'gte':
      return rangeOf(pointOf(kind, value), 'least')
    case 'lte':
      return rangeOf(pointOf(kind, value), 'most')
    case 'prefix':
      return prefixOf(kind, value)
  }
}

function valuesOf(kind: ArgumentKind, texts: readonly string[]): Constraint | undefined {
  const values = new Map<string | bigint, ExactValue>()
  for (const text of texts) {
    const value = exact(kind, text)
    if (value && !values.has(value.key)) values.set(value.key, value)
  }
  return values.size > 0 ? { shape: 'values', values: [...values.values()] } : undefined
}

/** Only integers, decimals and datetimes have an order. */
function pointOf(kind: ArgumentKind, text: string): Point | undefined {
  const value = exact(kind, text)
  return typeof value?.key === 'bigint' ? { text: value.text, key: value.key } : undefined
}

function rangeOf(point: Point | undefined, end: 'least' | 'most'): Constraint | undefined {
  if (!point) return undefined
  return end === 'least' ? range(point, undefined) : range(undefined, point)
}

function prefixOf(kind: ArgumentKind, prefix: string): Constraint | undefined {
  if (kind !== 'string' && kind !== 'path') return undefined
  // `/pub` would admit `/public` and `/pub-secrets`: a path is bounded by whole segments.
  if (kind === 'path' && !prefix.endsWith('/')) return undefined
  return exact(kind, prefix) ? { shape: 'prefix', prefix } : undefined
}

/** Ends that meet in one value are that value; ends that cross are nothing. */
function range(least: Point | undefined, most: Point | undefined): Constraint | undefined {
  if (least && most && least.key >= most.key) {
    return least.key === most.key ? { shape: 'values', values: [least] } : undefined
  }
  return { shape: 'range', least, most }
}

/** Tells whether a value of the constraint's kind satisfies it. */
export function admits(constraint: Constraint, { text, key }: ExactValue): boolean {
  switch (constraint.shape) {
    case 'values':
      return constraint.values.some((value) => value.key === key)
    case 'range': {
      const { least, most } = constraint
      return typeof key === 'bigint' && (!least || key >= least.key) && (!most || key <= most.key)
    }
    case 'prefix':
      return text.startsWith(constraint.prefix)
  }
}

/**
 * Constraint that both admit; `undefined` when they contradict each other. Both are of one kind.
 */
export function meet(a: Constraint, b: Constraint): Constraint | undefined {
  if (a.shape === 'values') return only(a.values, b)
  if (b.shape === 'values') return only(b.values, a)
  if (a.shape === 'range' && b.shape === 'range') {
    return range(tighter(a.least, b.least, 1n), tighter(a.most, b.most, -1n))
  }
  if (a.shape === 'prefix' && b.shape === 'prefix') {
    if (a.prefix.startsWith(b.prefix)) return a
    return b.prefix.startsWith(a.prefix) ? b : undefined
  }
  return undefined
}

function only(values: readonly ExactValue[], constraint: Constraint): Constraint | undefined {
  const left = values.filter((value) => admits(constraint, value))
  return left.length > 0 ? { shape: 'values', values: left } : undefined
}

/** The higher of two lower ends (`1n`), the lower of two upper ends (`-1n`). An open end is no limit. */
function tighter(a: Point | undefined, b: Point | undefined, direction: bigint): Point | undefined {
  if (!a || !b) return a ?? b
  return (a.key - b.key) * direction >= 0n ? a : b
}

/** Tells whether everything that satisfies `a` satisfies `b`. Both are of one kind. */
export function implies(a: Constraint, b: Constraint): boolean {
  if (a.shape === 'values') return a.values.every((value) => admits(b, value))
  if (a.shape === 'range' && b.shape === 'range') {
    return reaches(a.least, b.least, 1n) && reaches(a.most, b.most, -1n)
  }
  if (a.shape === 'range' && b.shape === 'values') {
    // Scales are discrete: a closed range is as many values as its ends are apart, and all must be listed.
    if (!a.least || !a.most) return false
    const listed = b.values.filter((value) => admits(a, value)).length
    return BigInt(listed) === a.most.key - a.least.key + 1n
  }
  return a.shape === 'prefix' && b.shape === 'prefix' && a.prefix.startsWith(b.prefix)
}

function reaches(inner: Point | undefined, outer: Point | undefined, direction: bigint): boolean {
  if (!outer) return true
  return inner !== undefined && (inner.key - outer.key) * direction >= 0n
}

/** The fewest bounds that say the same. */
export function boundsOf(path: string, constraint: Constraint): Bound[] {
  switch (constraint.shape) {
    case 'values': {
      const [first, ...more] = constraint.values.map((value) => value.text)
      if (first === undefined) return []
      return [
        more.length > 0
          ? { path, op: 'in', value: [first, ...more] }
          : { path, op: 'eq', value: first },
      ]
    }
    case 'range': {
      const { least, most } = constraint
      const bounds: Bound[] = []
      if (least) bounds.push({ path, op: 'gte', value: least.text })
      if (most) bounds.push({ path, op: 'lte', value: most.text })
      return bounds
    }
    case 'prefix':
      return [{ path, op: 'prefix', value: constraint.prefix }]
  }
}
