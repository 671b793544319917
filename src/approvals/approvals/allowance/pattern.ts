import { type Bound, fits } from '@remit/engine'
import type { Leaf } from '../../access-requests/index.ts'

/**
 * Condition of an allowance on one argument: exactly this value, at most (numbers, datetimes),
 * starts with (strings, paths), or anything, left out included.
 */
export type PatternPart =
  | (Leaf & { readonly how: 'is' })
  | (Leaf & { readonly how: 'at_most' | 'starts' })
  | { readonly path: string; readonly kind: Leaf['kind']; readonly how: 'any' }

/** About every argument of the call it was made from, and no other: a call that says more is not meant. */
export type Pattern = readonly PatternPart[]
export type PatternMode = PatternPart['how']

const ORDERED: readonly Leaf['kind'][] = ['integer', 'decimal', 'datetime']
const TEXTS: readonly Leaf['kind'][] = ['string', 'path']

/** Conditions that an argument of a kind can have, the narrowest first. */
export function operatorsFor(kind: Leaf['kind']): readonly PatternMode[] {
  if (ORDERED.includes(kind)) return ['is', 'at_most', 'any']
  return TEXTS.includes(kind) ? ['is', 'starts', 'any'] : ['is', 'any']
}

/** Proposes the pattern: everything exactly as it was asked. */
export function exactly(leaves: readonly Leaf[]): Pattern {
  return leaves.map((leaf) => ({ ...leaf, how: 'is' }))
}

const OPERATOR = { is: 'eq', at_most: 'lte', starts: 'prefix' } as const

/** The bound that a part puts on its argument; none for lists and objects, which are the same or not, and for anything. */
export function boundOf(part: PatternPart): Bound | undefined {
  if (part.how === 'any' || part.kind === 'list' || part.kind === 'object') return undefined
  return { path: part.path, op: OPERATOR[part.how], value: part.text }
}

/** Tells whether one value is what a part says. */
export function partAdmits(part: PatternPart, leaf: Leaf): boolean {
  if (part.path !== leaf.path || part.kind !== leaf.kind) return false
  if (part.how === 'any') return true
  if (leaf.kind === 'list' || leaf.kind === 'object') return part.text === leaf.text
  const bound = boundOf(part)
  return bound !== undefined && fits(leaf.kind, bound, leaf.text)
}

/**
 * Tells whether a call is one that the pattern means.
 * INVARIANT: every argument of the call is spoken of and inside its part, and no bound is on an
 * argument that is missing.
 */
export function patternAdmits(pattern: Pattern, leaves: readonly Leaf[]): boolean {
  const parts = new Map(pattern.map((part) => [part.path, part]))
  const said = new Set(leaves.map(({ path }) => path))
  return (
    leaves.every((leaf) => {
      const part = parts.get(leaf.path)
      return part !== undefined && partAdmits(part, leaf)
    }) && pattern.every((part) => part.how === 'any' || said.has(part.path))
  )
}
