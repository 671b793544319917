import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { isRecord } from '../../../platform/lib/json.ts'

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'like'

export interface Literal {
  readonly kind: 'string' | 'integer' | 'decimal' | 'pattern'
  /** Text of the literal; for a pattern, as Cedar writes it, `*` for anything. */
  readonly text: string
}

/** A value of the request beside one that the rule gives. */
export interface Comparison {
  /** `context.args.status`, `context.args.tags[]` for the items of a set. */
  readonly path: string
  readonly operator: Operator
  readonly literal: Literal
}

/** Every comparison of a value with a literal in the conditions of a policy. What has another form is not looked at. */
export function comparisonsIn({ conditions }: PolicyJson): readonly Comparison[] {
  const found: Comparison[] = []
  for (const { body } of conditions) walk(body, found)
  return found
}

/**
 * Lists what a policy asks for with `has`: `context.args.note`, each step of `has a.b`. Only below
 * `context`.
 */
export function asksFor({ conditions }: PolicyJson): readonly string[] {
  const found = new Set<string>()
  const look = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(look)
    if (!isRecord(node)) return
    const has = node.has
    const before = isRecord(has) ? comparedPath(has.left) : undefined
    if (isRecord(has) && before !== undefined && /^context\b/.test(before)) {
      const attributes = Array.isArray(has.attr) ? has.attr : [has.attr]
      attributes.reduce((path, name) => {
        found.add(`${path}.${String(name)}`)
        return `${path}.${String(name)}`
      }, before)
    }
    Object.values(node).forEach(look)
  }
  look(conditions)
  return [...found]
}

/** Entities of one type that a policy names, in its scope or its conditions. */
export function entitiesIn(policy: PolicyJson, type: string): ReadonlySet<string> {
  const ids = new Set<string>()
  const look = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(look)
    else if (isRecord(node)) {
      if (node.type === type && typeof node.id === 'string') ids.add(node.id)
      Object.values(node).forEach(look)
    }
  }
  look([policy.principal, policy.action, policy.resource, policy.conditions])
  return ids
}

const ORDER = {
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  lessThan: '<',
  lessThanOrEqual: '<=',
  greaterThan: '>',
  greaterThanOrEqual: '>=',
} as const
const FLIPPED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' } as const

function walk(node: unknown, found: Comparison[]): void {
  if (Array.isArray(node)) for (const each of node) walk(each, found)
  if (!isRecord(node)) return
  for (const [name, inner] of Object.entries(node)) {
    const [left, right] = operandsOf(inner)
    if (name === '==' || name === '!=') compare(name, left, right, found)
    else if (isOrder(name)) compare(ORDER[name], left, right, found)
    else if (name === 'like' && isRecord(inner)) like(inner, found)
    else if (name === 'contains') contains(left, [right], found)
    else if (name === 'containsAny' || name === 'containsAll')
      contains(left, setOf(right) ?? [right], found)
    walk(inner, found)
  }
}

function isOrder(name: string): name is keyof typeof ORDER {
  return Object.hasOwn(ORDER, name)
}

function operandsOf(inner: unknown): readonly [unknown, unknown] {
  if (Array.isArray(inner)) return [inner[0], inner[1]]
  return isRecord(inner) ? [inner.left, inner.right] : [undefined, undefined]
}

function compare(
  operator: keyof typeof FLIPPED,
  left: unknown,
  right: unknown,
  found: Comparison[],
): void {
  add(comparedPath(left), operator, literalOf(right), found)
  add(comparedPath(right), FLIPPED[operator], literalOf(left), found)
}

function add(
  path: string | undefined,
  operator: Operator,
  literal: Literal | undefined,
  found: Comparison[],
): void {
  if (path !== undefined && literal !== undefined) found.push({ path, operator, literal })
}

/** A set of literals that holds a value, or a set of the request that holds literals: each is an equality. */
function contains(set: unknown, held: readonly unknown[], found: Comparison[]): void {
  const literals = setOf(set)
  for (const each of literals ?? []) {
    for (const value of held) {
      const path = comparedPath(value)
      add(path, '==', literalOf(each), found)
    }
  }
  const path = comparedPath(set)
  if (path !== undefined) for (const each of held) add(`${path}[]`, '==', literalOf(each), found)
}

function like(inner: Readonly<Record<string, unknown>>, found: Comparison[]): void {
  const parts = Array.isArray(inner.pattern) ? inner.pattern : []
  const text = parts
    .map((part: unknown) => {
      if (part === 'Wildcard') return '*'
      const literal = isRecord(part) ? part.Literal : undefined
      return typeof literal === 'string' ? literal.replaceAll('*', '\\*') : ''
    })
    .join('')
  add(comparedPath(inner.left), 'like', { kind: 'pattern', text }, found)
}

function setOf(node: unknown): readonly unknown[] | undefined {
  const items = isRecord(node) ? node.Set : undefined
  return Array.isArray(items) ? items : undefined
}

function comparedPath(node: unknown): string | undefined {
  if (!isRecord(node)) return undefined
  if (typeof node.Var === 'string') return node.Var
  const access = node['.']
  if (!isRecord(access) || typeof access.attr !== 'string' || access.attr.includes('.'))
    return undefined
  const before = comparedPath(access.left)
  return before === undefined ? undefined : `${before}.${access.attr}`
}

function literalOf(node: unknown): Literal | undefined {
  if (!isRecord(node)) return undefined
  const { Value: value, decimal } = node
  if (typeof value === 'string') return { kind: 'string', text: value }
  // Beyond 2^53 the evaluator's JSON has rounded it.
  if (typeof value === 'number' && Number.isSafeInteger(value))
    return { kind: 'integer', text: String(value) }
  const text = Array.isArray(decimal) ? literalOf(decimal[0]) : undefined
  return text?.kind === 'string' ? { kind: 'decimal', text: text.text } : undefined
}
