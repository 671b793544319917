import type { PolicyJson } from '@remit/engine'
import { isRecord } from '../../../platform/lib/json.ts'
import { exactJson } from '../../cedar/index.ts'

/** A condition, or the opposite of one, that has to hold together with others. */
export interface Term {
  /** JSON of the expression. */
  readonly text: string
  readonly holds: boolean
  readonly expr: unknown
}

/**
 * Lists the terms that must hold for a policy to apply: the parts of its conditions that are joined
 * by "and".
 */
export function termsOf(conditions: PolicyJson['conditions']): readonly Term[] {
  const terms = new Map<string, Term>()
  for (const { body, kind } of conditions) collect(body, kind === 'when', terms)
  return [...terms.values()].toSorted((a, b) => (termKey(a) < termKey(b) ? -1 : 1))
}

function collect(expr: unknown, holds: boolean, into: Map<string, Term>): void {
  const parts = holds ? operandsOf(expr, '&&') : operandsOf(expr, '||')
  if (parts) {
    for (const part of parts) collect(part, holds, into)
    return
  }
  const negated = memberOf(expr, '!')
  if (isRecord(negated) && 'arg' in negated) {
    collect(negated.arg, !holds, into)
    return
  }
  const value = memberOf(expr, 'Value')
  // What always holds is no condition.
  if (value === holds) return
  const term = { text: exactJson(expr), holds, expr }
  into.set(termKey(term), term)
}

/** Answers the key of a term; equal terms have equal keys. */
export function termKey({ holds, text }: Term): string {
  return `${holds ? '+' : '-'}${text}`
}

/**
 * Tells whether every term of `outer` is one of `inner`: what fulfils `inner` then fulfils `outer`.
 */
export function isWithin(outer: readonly Term[], inner: readonly Term[]): boolean {
  const there = new Set(inner.map(termKey))
  return outer.every((term) => there.has(termKey(term)))
}

/** Answers why no call can fulfil all of these, in words; `undefined` when that is not known. */
export function contradictionIn(terms: readonly Term[]): string | undefined {
  const keys = new Set(terms.map(termKey))
  const equal = new Map<string, string>()
  for (const term of terms) {
    const { expr, holds } = term
    const value = memberOf(expr, 'Value')
    if (typeof value === 'boolean' && value !== holds) return 'its condition is never true'
    if (keys.has(termKey({ ...term, holds: !holds })))
      return 'it needs the same condition to hold and not to hold'
    const is = holds ? equalityOf(expr) : undefined
    if (!is) continue
    const other = equal.get(is.of)
    if (other !== undefined && other !== is.value)
      return `it needs \`${is.name}\` to be two different values at once`
    equal.set(is.of, is.value)
  }
  return undefined
}

/** `x == literal`, either way round. */
function equalityOf(
  expr: unknown,
): { readonly of: string; readonly value: string; readonly name: string } | undefined {
  const operands = operandsOf(expr, '==')
  if (!operands) return undefined
  const [left, right] = operands
  const [path, value] = literalOf(right) === undefined ? [right, left] : [left, right]
  const literal = literalOf(value)
  const name = termPath(path)
  if (literal === undefined || name === undefined) return undefined
  return { of: exactJson(path), value: literal, name }
}

/** A string, a number, a truth value or an entity, in one way of writing. */
function literalOf(expr: unknown): string | undefined {
  const value = memberOf(expr, 'Value')
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) return exactJson(value)
  const entity = memberOf(value, '__entity')
  return entity === undefined ? undefined : exactJson(entity)
}

/** `context.args.amount`; only of plain paths. */
function termPath(expr: unknown): string | undefined {
  const variable = memberOf(expr, 'Var')
  if (typeof variable === 'string') return variable
  const access = memberOf(expr, '.')
  if (!isRecord(access) || typeof access.attr !== 'string') return undefined
  const left = termPath(access.left)
  return left === undefined ? undefined : `${left}.${access.attr}`
}

function operandsOf(expr: unknown, operator: string): readonly [unknown, unknown] | undefined {
  const operands = memberOf(expr, operator)
  return isRecord(operands) && 'left' in operands && 'right' in operands
    ? [operands.left, operands.right]
    : undefined
}

function memberOf(expr: unknown, name: string): unknown {
  return isRecord(expr) && Object.keys(expr).length === 1 ? expr[name] : undefined
}
